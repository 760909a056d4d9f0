import Datasets
import Foundation
package import Images
import Support

extension LabelFont {
  /// Debian's fonts, as far as they are installed, for labels with these names; says so where letters
  /// are missing.
  package static func installed(
    for names: [String], files: [File] = LabelFont.files, say: (String) -> Void
  ) -> LabelFont {
    let found = files.filter { Files.exists($0.path) }
    let font: LabelFont
    do {
      guard let first = files.first, found.first?.path == first.path else {
        throw InputError(
          .missingInput, "no such font", at: files.first?.path ?? "",
          hint: files.first.map { "install Debian's package \($0.package)" })
      }
      font = try LabelFont(paths: found.map(\.path))
    } catch {
      say("WARNING: pictures have built-in letters, which are plain and Latin only: \(error)")
      font = .builtIn
    }
    let unknown = names.filter { !font.has($0) }
    if let name = unknown.first {
      let packages = files.filter { !Files.exists($0.path) }.map(\.package)
      say(
        "WARNING: \(unknown.count) of \(names.count.counted("name has", "names have")) letters that are "
          + "drawn as boxes, such as '\(name)'"
          + (packages.isEmpty ? "" : "; install Debian's \(packages.joined(separator: " "))"))
    }
    return font
  }
}

extension Run {
  /// The names of which training saw no label.
  func unlabelled(of names: [String], split: CategorySplit) -> Set<String> {
    let labelled = configuration.student.labels == .all ? split.allBase : split
    return Set(names).subtracting(labelled.base)
  }
}
