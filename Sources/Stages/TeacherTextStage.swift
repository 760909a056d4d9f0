import Datasets
import Foundation
import Support
import Teacher

/// Writes the text embeddings of category names as a file of their own.
public struct TeacherTextStage {
  let run: Run
  let report: Report
  private let classes: String?
  private let output: String

  /// - Parameters:
  ///   - classes: names between semicolons, or a file of names; nil means the base and novel
  ///     categories of the pipeline's split.
  ///   - output: the safetensors file.
  public init(_ run: Run, classes: String?, output: String, report: Report) {
    self.run = run
    self.report = report
    self.classes = classes
    self.output = output
  }

  /// Encodes the names that are new to the teacher, writes the file, and names categories that are
  /// hard to tell apart.
  ///
  /// - Throws: `InputError` for names that cannot be used, or a file that cannot be written.
  public func execute() throws {
    let categories = try run.categories(classes)
    let text = try TeacherStage(run, report: report).embeddings(of: categories)
    try text.write(to: output)
    for pair in text.nearDuplicates() {
      report.say(
        "teacher",
        String(
          format: "'%@' and '%@' are hard to tell apart, their cosine is %.3f",
          pair.first.name, pair.second.name, pair.cosine))
    }
    print(
      "\(output): \(categories.count) categories, \(text.width) numbers each, \(text.templates)")
  }
}

extension Run {
  /// The categories that a user names, or else those of the pipeline's split. The pipeline's words
  /// stand for a name that is given without synonyms.
  func categories(_ classes: String?) throws(InputError) -> [CategoryName] {
    if let classes {
      let isFile = !classes.contains(";") && Files.exists(classes)
      let given =
        try isFile
        ? Vocabulary(path: classes).categories : Vocabulary(inline: classes).categories
      return given.map { $0.synonyms.isEmpty ? configuration.data.worded($0) : $0 }
    }
    let images = try AnnotatedImages(configuration.data.train, of: self)
    return images.words(for: images.split.base + images.split.novel)
  }
}
