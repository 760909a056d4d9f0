import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

extension Weights {
  /// The names a published folder gives its weights, the first that is there counts.
  private static let wholeFiles = ["model.safetensors", "pytorch_model.bin"]

  /// The files at a path, and in which of them each tensor is.
  static func open(
    _ path: String
  ) throws(InputError) -> (files: [TensorFile], places: [String: Int]) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("cannot read the weights", at: path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      let file = try TensorFile.open(path)
      return ([file], file.tensors.mapValues { _ in 0 })
    }
    for name in wholeFiles {
      if Files.exists("\(path)/\(name)") { return try open("\(path)/\(name)") }
      let index = "\(name).index.json"
      if Files.exists("\(path)/\(index)") { return try openShards(index, in: path) }
    }
    throw InputError(
      .missingInput, "no weights in the folder", at: path,
      expected: "\(wholeFiles.joined(separator: " or ")), or shards with an .index.json")
  }

  private struct Index: Decodable {
    var weight_map: [String: String]
  }

  /// The files that an index names.
  private static func openShards(
    _ index: String, in folder: String
  ) throws(InputError) -> (files: [TensorFile], places: [String: Int]) {
    let path = "\(folder)/\(index)"
    guard let map = try? JSONDecoder().decode(Index.self, from: try Files.read(path)).weight_map
    else {
      throw InputError(.badData, "not an index of shards", at: path, expected: "a weight_map")
    }
    let shards = Set(map.values).sorted()
    if let elsewhere = shards.first(where: { $0.contains("/") || $0.isEmpty }) {
      throw InputError(
        .badData, "the index names '\(shown(elsewhere))'", at: path,
        expected: "files of its own folder")
    }
    let missing = shards.filter { !Files.exists("\(folder)/\($0)") }
    if let first = missing.first {
      throw InputError(
        .missingInput,
        "\(missing.count) of \(shards.count.counted("shard is", "shards are")) missing",
        at: "\(folder)/\(shown(first))")
    }
    var files: [TensorFile] = []
    var places: [String: Int] = [:]
    for (number, shard) in shards.enumerated() {
      let file = try TensorFile.open("\(folder)/\(shard)")
      files.append(file)
      for name in file.tensors.keys where map[name] ?? shard == shard { places[name] = number }
    }
    let absent = map.filter { places[$0.key] == nil }
    if let first = absent.min(by: { $0.key < $1.key }) {
      throw InputError(
        .badData,
        absent.count.counted(
          "tensor of the index is not in its shard", "tensors of the index are not in their shards"),
        at: "\(folder)/\(first.value)", expected: "'\(shown(first.key))'")
    }
    return (files, places)
  }
}
