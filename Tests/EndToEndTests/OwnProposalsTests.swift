import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// The user's own proposals in COCO's results form, which have no order.
  @Suite struct OwnProposalsTests {
    /// Boxes of the training images, best first.
    private func boxes(each count: Int) -> [Proposals] {
      (1...World.trainImages).map { image in
        Proposals(
          imageID: image,
          regions: (0..<count).map { number in
            let (x, y) = (Float((7 * number + image) % 60), Float(number % 40))
            return Region(
              box: Box(x0: x, y0: y, x1: x + 10.5, y1: y + 12),
              score: Float(count - number) / Float(count))
          })
      }
    }

    /// Writes them to `data/boxes.json`, those of all images mixed, and makes the pipeline take them.
    private func give(_ proposals: [Proposals], to place: Place) throws {
      var generator = SeededGenerator(seed: 11)
      let records = proposals.flatMap { image in
        image.regions.map { region in
          let box = region.box
          return "{\"image_id\":\(image.imageID),\"bbox\":[\(box.x0),\(box.y0),\(box.width),"
            + "\(box.height)],\"score\":\(region.score)}"
        }
      }.shuffled(using: &generator)
      try place.write("[\(records.joined(separator: ",\n"))]", to: "data/boxes.json")
      try place.replace(
        "  top: 4",
        with: "  file: boxes.json\n  label_set: [red block]\n  nms_threshold: 1\n  top: 6",
        in: "pipeline.yaml")
    }

    private func written(by place: Place) throws -> [Proposals] {
      try ProposalsReader(path: "\(place.output("propose"))/train.jsonl").readAll()
    }

    private func best(of proposals: [Proposals]) -> [Proposals] {
      proposals.map { Proposals(imageID: $0.imageID, regions: Array($0.regions.prefix(6))) }
    }

    @Test func anyOrder() throws {
      try withPlace { place in
        let proposals = boxes(each: 9)
        try give(proposals, to: place)
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        #expect(try written(by: place) == best(of: proposals))
      }
    }

    /// The same boxes come of it whenever it was killed before, and nothing is left of that.
    @Test func killed() throws {
      try withPlace { place in
        let proposals = boxes(each: 10_000)
        try give(proposals, to: place)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<4 {
          let vild = try place.start("propose")
          usleep(UInt32.random(in: 20_000..<400_000, using: &generator))
          vild.signal(SIGKILL)
          _ = vild.ended()
        }
        #expect(try place.run("propose").status == 0)
        #expect(try written(by: place) == best(of: proposals))
        let left = place.files().keys.filter { $0.contains("/propose-") && $0.hasSuffix(".part") }
        #expect(left == [])
      }
    }

    @Test func cutOff() throws {
      try withPlace { place in
        try give(boxes(each: 9), to: place)
        let whole = try Files.read("\(place.data)/boxes.json")
        try Files.write(whole.prefix(whole.count - 20), to: "\(place.data)/boxes.json")
        let outcome = try place.run("propose")
        let line = try #require(outcome.complaints.first)
        #expect(outcome.status == 65 && outcome.complaints.count == 1)
        #expect(line.contains("boxes.json: ") && line.contains("malformed JSON"), "\(line)")
        #expect(place.unfinished("propose") == [])

        try Files.write(whole, to: "\(place.data)/boxes.json")
        #expect(try place.run("propose").status == 0)
      }
    }
  }
}
