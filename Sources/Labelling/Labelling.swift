package import Detection
package import Support

/// A detections file on its way to hold some images as they are now: which of its lines are right
/// already, and which images are to be labelled.
package final class Labelling {
  package typealias Item = ImageLabeller.Item

  let items: [Item]
  let images: any CorpusImages
  /// In the order of `items`.
  private(set) var left: [Item] = []
  private var kept: [(entry: DetectionFile.Entry, id: Int)] = []
  private let file: String
  private let writer: DetectionFile.Writer
  private var stamps: FileStamps

  /// - Parameters:
  ///   - items: with ids that are all different.
  ///   - images: tell whether lines are right.
  ///   - path: of the detections file; its folder must be there.
  /// - Throws: `InputError` as `DetectionFile.Writer`.
  package init(
    _ items: [Item], of images: any CorpusImages, to path: String, header: DetectionFile.Header
  ) throws(InputError) {
    (self.items, self.images, file) = (items, images, path)
    writer = try DetectionFile.Writer(path: path, header: header)
    stamps = FileStamps(path: "\(PathText.folder(of: path))/files.json")
    compare()
  }

  /// Whether the file is, and was, what labelling everything anew would make it.
  package var isUpToDate: Bool {
    writer.damagedLines.isEmpty && left.isEmpty && kept.map(\.entry) == writer.entries
      && kept.allSatisfy { $0.entry.id == $0.id }
  }

  /// What was wrong with lines of the file, in words; their images are left to be labelled.
  package var damage: [String] {
    writer.damagedLines.map {
      "\(file) line \($0) does not have the checksum it was written with; its image is looked at again"
    }
  }

  /// The images that the file has, right or not.
  package var earlier: [String] { writer.entries.map(\.image) }

  /// Names in the file whose detections are not right any more, or not wanted.
  package var outdated: [String] {
    let right = Set(kept.map(\.entry.image))
    return writer.entries.map(\.image).filter { !right.contains($0) }
  }

  /// Why images of the file failed.
  package var failures: FailureReasons {
    var reasons = FailureReasons()
    for failure in writer.entries.compactMap(\.failure) { reasons.add(failure) }
    return reasons
  }

  /// Drops what is not right.
  func begin() throws(InputError) { try writer.rewrite(kept) }

  /// Adds an image, with its file as it looked before it was read.
  func append(_ prepared: DetectionFile.PreparedRow, _ stamp: FileStamp?) throws(InputError) {
    try writer.append(prepared)
    stamps[prepared.row.image] = stamp
  }

  /// Makes the lines that are appended.
  var format: DetectionFile.RowFormat { writer.format }

  /// Puts the lines into the order of the items; to be called when none is left.
  func finish() throws(InputError) {
    // They mostly are so, and a million lines take memory.
    if !writer.entries.lazy.map(\.id).elementsEqual(items.lazy.map(\.id)) {
      let entries = Dictionary(uniqueKeysWithValues: writer.entries.map { ($0.id, $0) })
      try writer.rewrite(items.compactMap { item in entries[item.id].map { ($0, item.id) } })
    }
    try writer.sync()
    try keepStamps()
  }

  /// Writes what files look like, so that they need not be read again.
  package func keepStamps() throws(InputError) { try stamps.write(keeping: Set(items.map(\.name))) }

  private func compare() {
    var lines = Dictionary(grouping: writer.entries, by: \.image)
    var known: [(item: Item, entry: DetectionFile.Entry)] = []
    for item in items {
      guard let candidates = lines[item.name], !candidates.isEmpty else { continue }
      let index = candidates.firstIndex { $0.id == item.id } ?? 0
      known.append((item, candidates[index]))
      lines[item.name]?.remove(at: index)
    }
    let (images, stamps) = (images, stamps)
    let findings = Parallel.map(known) { item, entry in
      images.finding(of: item, entry, seen: stamps[item.name])
    }
    var right = Set<Int>()
    for ((item, entry), finding) in zip(known, findings) {
      guard case .same(let stamp) = finding else { continue }
      kept.append((entry, item.id))
      right.insert(item.id)
      if let stamp { self.stamps[item.name] = stamp }
    }
    left = items.filter { !right.contains($0.id) }
  }
}
