public import Datasets
import Foundation
import Support
import Tensors

/// The text embeddings made so far, in a folder: a file of `TextEmbeddings` for each teacher and
/// set of templates, whose categories are single names. What is there is never encoded again.
///
/// Safe for several processes at once: a file is replaced whole, by one at a time, with what it held
/// and what is new. Two that need the same name at the same moment both encode it; one is kept.
public struct TextEmbeddingStore: Sendable {
  /// Version of the rules by which names become embeddings, and of the files. Those of version 1 had
  /// no checksums, and embeddings that depended on those encoded beside them.
  public static let version = 2

  /// Where the files are; made when the first is written.
  public let folder: String

  /// How many prompts are encoded between two calls of `progress`; bounds the memory.
  private static let promptsAtOnce = 2048
  /// How many names a kill may cost at most.
  private static let namesUnsaved = 1024

  /// A store in `folder`, which need not be there.
  public init(folder: String) { self.folder = folder }

  /// The embeddings of categories, made of what is stored and of what has to be encoded.
  ///
  /// The embedding of a category is unit(mean over `texts` of unit(mean over templates of
  /// unit(prompt embedding))): with one text, that text's. It depends on nothing but its own texts,
  /// to the last bit: a store that was removed and made again says the same.
  ///
  /// - Parameters:
  ///   - teacher: the fingerprint of its weights.
  ///   - tower: the teacher's; not asked for when nothing has to be encoded.
  ///   - progress: called on this thread with how many of the missing texts are encoded. What was
  ///     encoded is kept when it throws.
  /// - Throws: `InputError` for a name that is too long (before anything is encoded), and for a
  ///   damaged file, with the advice to remove it; what `progress` throws.
  public func embeddings(
    of categories: [CategoryName], in templates: PromptTemplates, teacher: String,
    by tower: @autoclosure () throws -> any TextTower,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> TextEmbeddings {
    let file = File(folder: folder, templates: templates, teacher: teacher)
    var known = NamedRows(try file.read())
    let wanted = categories.flatMap(\.texts)
    var missing: [String] = []
    var seen = Set<String>()
    for text in wanted where known.numbers[text] == nil && seen.insert(text).inserted {
      missing.append(text)
    }
    if !missing.isEmpty {
      try encode(missing, by: tower(), into: file, &known, progress)
    }
    return TextEmbeddings(
      categories: categories, embeddings: known.means(over: categories.map(\.texts)),
      templates: templates, teacher: teacher)
  }

  private func encode(
    _ missing: [String], by tower: some TextTower, into file: File, _ known: inout NamedRows,
    _ progress: (Int, Int) throws -> Void
  ) throws {
    try known.check(width: tower.width, of: file.path)
    try tower.check(names: missing, with: file.templates)
    let size = max(1, Self.promptsAtOnce / file.templates.templates.count)
    var unsaved = NamedRows()
    var done = 0
    try progress(0, missing.count)
    do {
      for part in missing.chunks(of: size) {
        let names = Array(part)
        let rows = try tower.embed(names: names, with: file.templates)
        known.append(names, rows)
        unsaved.append(names, rows)
        if unsaved.names.count >= Self.namesUnsaved {
          try file.add(unsaved)
          unsaved = NamedRows()
        }
        done += names.count
        try progress(done, missing.count)
      }
    } catch {
      try file.add(unsaved)
      throw error
    }
    try file.add(unsaved)
  }
}

/// The file of one teacher and set of templates.
private struct File {
  let folder: String
  let templates: PromptTemplates
  let teacher: String

  /// The name is short for version, teacher and templates; the last two stand in the file in full.
  var path: String {
    // FNV-1a. Hasher would give other values in the next process.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(TextEmbeddingStore.version)\n\(teacher)\n\(TextEmbeddings.json(templates))".utf8
    {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return "\(folder)/text-\(String(repeating: "0", count: 16 - digits.count))\(digits).safetensors"
  }

  /// What is stored; nil when nothing is.
  func read() throws(InputError) -> TextEmbeddings? {
    guard Files.exists(path) else { return nil }
    let stored = try TextEmbeddings(path: path)
    guard stored.teacher == teacher, stored.templates == templates else {
      throw InputError(
        .badData, "the embeddings of another teacher or of other templates", at: path,
        expected: "teacher \(teacher) with \(templates)",
        got: "teacher \(stored.teacher) with \(stored.templates)", hint: "remove the file")
    }
    return stored
  }

  /// Adds rows to what others may have stored meanwhile.
  func add(_ rows: NamedRows) throws(InputError) {
    if rows.names.isEmpty { return }
    try Files.createFolder(folder)
    try Files.withLock(on: "\(folder)/lock") { () throws(InputError) in
      var all = NamedRows(try read())
      all.append(rows.names, rows.tensor)
      try TextEmbeddings(
        categories: all.names.map { CategoryName($0) }, embeddings: all.tensor,
        templates: templates, teacher: teacher
      ).write(to: path)
    }
  }
}

/// Unit rows by name.
private struct NamedRows {
  private(set) var names: [String] = []
  /// The row of each name.
  private(set) var numbers: [String: Int] = [:]
  private var values: [Float] = []

  init(_ stored: TextEmbeddings? = nil) {
    guard let stored else { return }
    append(stored.categories.map(\.name), stored.embeddings)
  }

  /// [N, D]
  var tensor: Tensor { Tensor([names.count, width], values) }

  private var width: Int { names.isEmpty ? 0 : values.count / names.count }

  /// - Throws: `InputError` when the rows of the file at `path` are not of this width.
  func check(width: Int, of path: String) throws(InputError) {
    guard names.isEmpty || self.width == width else {
      throw InputError(
        .badData, "the stored embeddings are not this teacher's", at: path,
        expected: "width \(width)", got: "\(self.width)", hint: "remove the file")
    }
  }

  /// Adds the rows of names that are not there yet.
  mutating func append(_ new: [String], _ rows: Tensor) {
    let width = rows.shape[1]
    rows.withElements { rows in
      for (row, name) in new.enumerated() where numbers[name] == nil {
        numbers[name] = names.count
        names.append(name)
        values += rows[row * width..<(row + 1) * width]
      }
    }
  }

  /// unit(sum of the rows of its names) for each group: [groups, D]; a single row stays as it is.
  func means(over groups: [[String]]) -> Tensor {
    let width = width
    return Tensor([groups.count, width]) { out in
      for (group, names) in groups.enumerated() {
        let sum = UnsafeMutableBufferPointer(rebasing: out[group * width..<(group + 1) * width])
        sum.initialize(repeating: 0)
        for name in names {
          let start = numbers[name]! * width
          for d in 0..<width { sum[d] += values[start + d] }
        }
        if names.count == 1 { continue }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for d in 0..<width { sum[d] /= max(length, 1e-12) }
      }
    }
  }
}
