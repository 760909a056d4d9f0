import Support

/// What the page's script reads of the names: in `CorpusCensus.order`, as many as there is room for.
struct NameList {
  /// A JSON list.
  let text: String
  /// Names in it, and those of them that are given to some detection.
  let listed, given: Int
  /// Names beyond it, and their detections.
  let others, otherDetections: Int

  /// - Parameter bytes: of `text`.
  init(_ census: CorpusCensus, _ vocabulary: [String], atMost bytes: Int) {
    var entries: [String] = []
    var (length, given, others, otherDetections) = (2, 0, 0, 0)
    for category in census.order {
      let known = census.categories[category]
      let entry = Self.entry(
        vocabulary[category], threshold: census.thresholds[category], known)
      // None behind one that has no room: crops tell names by their places.
      if others > 0 || length + entry.utf8.count + 2 > bytes {
        others += 1
        otherDetections += known.detections
        continue
      }
      length += entry.utf8.count + 2
      entries.append(entry)
      if known.detections > 0 { given += 1 }
    }
    text = "[\(entries.joined(separator: ",\n"))]"
    (listed, self.given) = (entries.count, given)
    (self.others, self.otherDetections) = (others, otherDetections)
  }

  /// The name, its threshold or null, its detections from there on, and the histogram without the zeros
  /// at its end.
  private static func entry(
    _ name: String, threshold: Float, _ known: CorpusCensus.Category
  ) -> String {
    let last = known.histogram.lastIndex { $0 > 0 } ?? -1
    return JSONText.array([
      .string(name.shown(120)), .number(threshold), .number(known.confident),
      .array(known.histogram.prefix(last + 1).map(JSONText.number)),
    ]).inScript
  }
}
