import Regions
import Student
import Tensors
import Testing

@Suite struct EmbeddingsTests {
  private func regions(_ vectors: [Float]) -> EmbeddedRegions {
    let region = Region(box: Box(x0: 0, y0: 0, x1: 4, y1: 4), score: 1)
    return EmbeddedRegions(Array(repeating: region, count: vectors.count / 2), vectors: vectors)
  }

  /// Two regions, none and one, of width 2: the width is known where no region tells it.
  @Test func rowsOfSeveralImagesByHand() {
    let images = [regions([1, 2, 3, 4]), EmbeddedRegions(), regions([5, 6])]
    let rows = Tensor(embeddingsOf: images, width: 2)
    #expect(rows.shape == [3, 2] && rows.array == [1, 2, 3, 4, 5, 6])
    #expect(Tensor(embeddingsOf: [EmbeddedRegions()], width: 2).shape == [0, 2])
    #expect(Tensor(embeddingsOf: [], width: 7).shape == [0, 7])
  }

  @Test func anotherWidthEndsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let region = Region(box: Box(x0: 0, y0: 0, x1: 4, y1: 4), score: 1)
      _ = Tensor(embeddingsOf: [EmbeddedRegions([region], vectors: [1, 2, 3])], width: 2)
    }
  }
}
