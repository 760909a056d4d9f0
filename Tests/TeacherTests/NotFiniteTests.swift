import Datasets
import Foundation
import Networks
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// What is no number never becomes an embedding.
@Suite struct NotFiniteTests {
  /// Says nothing of texts that begin with "d".
  private struct Speechless: TextTower {
    let width = 2
    let limit = 9

    func tokens(of text: String) -> [Int] { text.utf8.map { Int($0) } }

    func embed(tokens texts: [[Int]]) -> Tensor {
      Tensor([texts.count, 2], texts.flatMap { [1, $0[0] == 100 ? Float.nan : 2] })
    }
  }

  @Test func theCategoryIsNamed() throws {
    let templates = try PromptTemplates(["{}"])
    #expect(try Speechless().embed(names: ["cat"], with: templates).shape == [1, 2])
    try withTemporaryFolder { folder in
      let error = #expect(throws: InputError.self) {
        try TextEmbeddingStore(folder: folder).embeddings(
          of: ["cat", "dog"].map { .init($0) }, in: templates, teacher: "t", by: Speechless())
      }
      #expect(error?.kind == .badData)
      #expect(error?.what == "the text tower's embedding of category 'dog' is no unit vector")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.isEmpty)
    }
  }

  @Test func aWeightIsNamed() throws {
    try CLIPFolder.with { folder in
      var name = ""
      try folder.changeTensors {
        name = $0[3].name
        $0[3].value.withMutableElements { $0[$0.count - 1] = .nan }
      }
      let error = #expect(throws: InputError.self) { try CLIPTeacher.load(folder: folder.path) }
      #expect(error?.what == "tensor '\(name)' is not finite")
      #expect(error?.place == "\(folder.path)/model.safetensors")
    }
  }

  /// Weights that are finite, and products that are not.
  @Test func weightsThatAreTooLarge() throws {
    try CLIPFolder.with { folder in
      try folder.changeTensors { tensors in
        for index in tensors.indices
        where ["text_model.final_layer_norm.weight", "text_projection.weight"]
          .contains(tensors[index].name)
        {
          tensors[index].value.withMutableElements { $0.update(repeating: 3e38) }
        }
      }
      let teacher = try CLIPTeacher.load(folder: folder.path)
      let error = #expect(throws: InputError.self) { try teacher.embed(names: ["cat"]) }
      #expect(error?.what.contains("category 'cat'") == true, "\(error?.description ?? "")")
    }
  }

  @Test func storedEmbeddingsAreRefusedWithTheAdviceToRemoveThem() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/text.safetensors"
      let templates = try PromptTemplates(["{}"])
      let tensor = Tensor([1, 2], [1, .nan])
      try TextEmbeddings(
        categories: [.init("cat")], embeddings: tensor, templates: templates, teacher: "t"
      ).write(to: path)
      let error = #expect(throws: InputError.self) { try TextEmbeddings(path: path) }
      #expect(error?.what == "tensor 'embeddings' is not finite" && error?.place == path)
      #expect(error?.hint?.contains("remove the file") == true)
    }
  }

  /// OpenAI publishes one file, which is no folder.
  @Test func aFileIsNoFolder() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data("x".utf8), to: "\(folder)/notes.txt")
      let error = #expect(throws: InputError.self) {
        try TeacherFolder(path: "\(folder)/notes.txt")
      }
      #expect(error?.what == "a file, not a teacher's folder" && error?.kind == .missingInput)
    }
  }
}
