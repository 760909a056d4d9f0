public import Support
import Teacher

/// Builds the ConSE teacher's folder from packages of the Python index.
public struct ConSETeacherStage {
  private let packages: String
  private let folder: String

  /// - Parameters:
  ///   - packages: where pip put them.
  ///   - folder: the teacher's.
  public init(packages: String, folder: String) {
    self.packages = packages
    self.folder = folder
  }

  /// Writes the folder and prints what to do with it.
  ///
  /// - Throws: `InputError` as `ConSETeacher.build`.
  public func execute() throws {
    try ConSETeacher.build(fromPackages: packages, into: folder)
    try StandardOutput.print(
      "\(folder): a teacher of the family conse, for teacher.folder in a pipeline file")
  }
}
