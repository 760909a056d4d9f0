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
      let own = try found.isEmpty ? nil : LabelFont(paths: found.map(\.path))
      guard let own, own.has("Az 0.9") else {
        throw InputError(
          .missingInput, "no such font", at: files.first?.path ?? "",
          hint: files.first.map { "install Debian's package \($0.package)" })
      }
      font = own
    } catch {
      say("WARNING: pictures have built-in letters, which are plain and Latin only: \(error)")
      font = .builtIn
    }
    let unknown = names.filter { !font.has($0) }
    if let name = unknown.first {
      var packages: [String] = []
      for file in files where !Files.exists(file.path) && !packages.contains(file.package) {
        packages.append(file.package)
      }
      say(
        "WARNING: \(unknown.count) of \(names.count.counted("name has", "names have")) letters that are "
          + "drawn as boxes, such as '\(name)'"
          + (packages.isEmpty ? "" : "; install Debian's \(packages.joined(separator: " "))"))
    }
    return font
  }
}
