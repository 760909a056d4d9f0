package import Student
package import Support
import Yams

extension PipelineFile {
  /// Checks a detector's sizes that come from elsewhere, such as a student's own file, as if they
  /// stood in a pipeline file.
  ///
  /// - Throws: `InputError` (`badData`) about the file at `path`, naming the key that is out of range.
  package static func check(
    _ configuration: StudentConfiguration, of path: String
  ) throws(InputError) {
    do {
      let text = try serialize(node: detector.write(configuration), width: -1, allowUnicode: true)
      guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else { return }
      _ = try detector.read(root, at: PipelinePlace(file: path))
    } catch let error as InputError {
      var error = error
      (error.kind, error.place) = (.badData, path)
      throw error
    } catch {
      preconditionFailure("a tree of mappings, lists and texts is valid YAML: \(error)")
    }
  }
}
