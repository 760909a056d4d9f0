import Foundation
import ONNX
import Support

/// What the files of all graphs have in common.
enum OutputGraph {
  /// In each file's metadata.
  static let licence =
    "The weights come from a teacher, a backbone and annotated images of the user's choice, whose "
    + "licences say what may be done with them; the program that wrote this file adds no terms."

  /// The file of a graph in the making, so that a path that cannot be written is found out before the
  /// work is done.
  ///
  /// - Throws: `InputError` (`usage`) for another ending than `.onnx`, and as `PartFile`.
  static func part(at path: String) throws(InputError) -> PartFile {
    try check(path, endsWith: "onnx")
    return try PartFile(path: path)
  }

  /// - Throws: `InputError` (`usage`) for a path that does not.
  static func check(_ path: String, endsWith ending: String) throws(InputError) {
    guard PathText.ending(of: path) == ending else {
      throw InputError(.usage, "the file has another ending", at: path, expected: ".\(ending)")
    }
  }

  /// How much it is, for people.
  static func summary(of graph: Graph, _ file: Model) -> String {
    let megabytes = (Double(file.size) / 1_000_000)
      .formatted(.number.precision(.fractionLength(1)))
    return "\(graph.nodes.count) nodes, \(megabytes) MB"
  }
}
