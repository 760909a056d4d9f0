import Foundation
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// The user's, where there is one.
private let folder = Shared.named(
  by: "VILD_CLIP", "the folder of the real openai/clip-vit-base-patch32")

/// openai/clip-vit-base-patch32 against text embeddings that others computed with it: Detic's
/// `lvis_v1_clip_a+cname.npy`, [1203, 512] in float16, not normalised.
///
/// For whoever has the real weights: VILD_CLIP names their folder.
@Suite(
  .enabled(if: folder != nil),
  .enabled(if: Shared.has("vocabularies/detic_lvis_v1_clip_a+cname.npy")))
struct RealCLIPTests {
  private struct Category: Decodable {
    var id: Int
    var name: String
  }

  /// Detic's script puts "a " before the name of the LVIS category, in order of ids. Whether it was
  /// told to make the underscores of the names spaces is not recorded beside the file: its names with an
  /// underscore (about a third) decide which of the two it was, and that must hold for all.
  @Test func textEmbeddingsOfTheLVISNames() throws {
    let teacher = try CLIPTeacher.load(folder: try #require(folder))
    let file = try NumPyFile(path: Shared.path("vocabularies/detic_lvis_v1_clip_a+cname.npy"))
    let data = try Files.read(Shared.path("vocabularies/lvis_v1_train_cat_info.json"))
    let names = try JSONDecoder().decode([Category].self, from: data)
      .sorted { $0.id < $1.id }.map(\.name)
    try #require(file.shape == [names.count, teacher.width] && names.count == 1203)
    let theirs = l2Normalize(Variable(Tensor(file.shape, file.values))).value

    func cosines(_ cleanUp: (String) -> String) throws -> [Float] {
      let ours = try teacher.embed(names: names.map(cleanUp), with: PromptTemplates(["a {}"]))
      return ours.withElements { a in
        theirs.withElements { b in
          names.indices.map { row in
            (row * teacher.width..<(row + 1) * teacher.width).reduce(0) { $0 + a[$1] * b[$1] }
          }
        }
      }
    }
    let choices = [
      ("as they are", try cosines { $0 }),
      ("with spaces", try cosines { $0.replacing("_", with: " ") }),
    ]
    for (choice, cosines) in choices {
      let mean = cosines.reduce(0, +) / Float(cosines.count)
      print("names \(choice): cosine at least \(cosines.min() ?? 0), on average \(mean)")
    }
    let (choice, best) = try #require(
      choices.max { $0.1.reduce(0, +) < $1.1.reduce(0, +) })
    // Theirs was computed in float16 on a graphics card.
    for (name, cosine) in zip(names, best) {
      #expect(cosine > 0.999, "\(name), names \(choice)")
    }
  }
}

@Suite struct NumPyFileTests {
  /// np.save of np.array([[1, -2, 0.5]], dtype="<f2"), by hand.
  @Test func halvesAndTheirShape() throws {
    try withTemporaryFolder { folder in
      let dictionary = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 3), }"
      let header = dictionary.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
      var data = Data([0x93] + "NUMPY".utf8 + [1, 0, 118, 0] + header.utf8)
      data.append(contentsOf: [0x00, 0x3C, 0x00, 0xC0, 0x00, 0x38])
      try Files.write(data, to: "\(folder)/x.npy")
      let file = try NumPyFile(path: "\(folder)/x.npy")
      #expect(file.shape == [1, 3] && file.values == [1, -2, 0.5])
      try Files.write(data.dropLast(), to: "\(folder)/x.npy")
      #expect(throws: InputError.self) { try NumPyFile(path: "\(folder)/x.npy") }
    }
  }

  @Test(.enabled(if: Shared.has("vocabularies/detic_lvis_v1_clip_a+cname.npy")))
  func readsTheSharedFile() throws {
    let file = try NumPyFile(path: Shared.path("vocabularies/detic_lvis_v1_clip_a+cname.npy"))
    #expect(file.shape == [1203, 512])
    // As NumPy reads it: the length of the first row.
    let length = file.values.prefix(512).reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(length - 10.067031) < 1e-4)
  }
}
