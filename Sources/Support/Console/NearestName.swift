/// The known name a mistyped one most likely meant, by edit distance; nil when none is close.
///
/// Close is at most a third of the longer name's length, at least one edit.
public func nearestName(to name: String, among known: [String]) -> String? {
  let typed = Array(name.lowercased())
  let best = known.map { (name: $0, distance: editDistance(typed, Array($0.lowercased()))) }
    .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
  guard let best else { return nil }
  return best.distance <= max(1, max(typed.count, best.name.count) / 3) ? best.name : nil
}

/// Edit distance in which two swapped neighbours count once (optimal string alignment).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast = [Int]()
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1] + Array(repeating: 0, count: b.count)
    for j in 0..<b.count {
      row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
