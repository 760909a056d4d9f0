extension Mask {
  /// The pixels inside this mask or `other`, which is of the same size.
  public func union(_ other: Mask) -> Mask { combined(other) { $0 || $1 } }

  /// The pixels inside both masks, which are of the same size.
  public func intersection(_ other: Mask) -> Mask { combined(other) { $0 && $1 } }

  /// Intersection over union with `other`, which is of the same size, in 0...1; zero when nothing
  /// is shared.
  ///
  /// - Parameter isCrowd: whether `other` is drawn around many objects; then the share of this mask
  ///   that lies in it, as COCO evaluates.
  public func iou(_ other: Mask, isCrowd: Bool = false) -> Double {
    var shared = 0
    walk(other) { length, isInside, isInsideOther in
      if isInside && isInsideOther { shared += length }
    }
    if shared == 0 { return 0 }
    let whole = isCrowd ? area : area + other.area - shared
    return Double(shared) / Double(whole)
  }

  private func combined(_ other: Mask, _ keep: (Bool, Bool) -> Bool) -> Mask {
    var runs = Runs(width: width, height: height)
    var position = 0
    walk(other) { length, isInside, isInsideOther in
      if keep(isInside, isInsideOther) { runs.add(position..<position + length) }
      position += length
    }
    return Mask(runs)
  }

  /// Visits the stretches over which neither mask changes, from the first pixel to the last.
  private func walk(_ other: Mask, _ visit: (_ length: Int, Bool, Bool) -> Void) {
    precondition(width == other.width && height == other.height, "masks of one size")
    var (mine, theirs) = (0, 0)
    var (left, leftOfOther) = (Int(runs[0]), Int(other.runs[0]))
    while true {
      let length = min(left, leftOfOther)
      if length > 0 { visit(length, mine % 2 == 1, theirs % 2 == 1) }
      left -= length
      leftOfOther -= length
      if left == 0 {
        mine += 1
        if mine == runs.count { return }
        left = Int(runs[mine])
      }
      if leftOfOther == 0 {
        theirs += 1
        if theirs == other.runs.count { return }
        leftOfOther = Int(other.runs[theirs])
      }
    }
  }

  /// The same pixels after the image is mirrored left to right.
  public func flippedHorizontally() -> Mask {
    var columns: [[Range<Int>]] = []
    for (x, rows) in self.columns {
      while columns.count <= x { columns.append([]) }
      columns[x].append(rows)
    }
    var mirrored = Runs(width: width, height: height)
    for x in columns.indices.reversed() {
      let top = (width - 1 - x) * height
      for rows in columns[x] { mirrored.add(top + rows.lowerBound..<top + rows.upperBound) }
    }
    return Mask(mirrored)
  }

  /// The pixels that also lie in `rect`, in an image of the same size.
  public func clipped(to rect: PixelRect) -> Mask {
    var kept = Runs(width: width, height: height)
    for (x, rows) in columns where x >= rect.x0 && x < rect.x1 {
      let top = x * height
      let (first, last) = (max(rows.lowerBound, rect.y0), min(rows.upperBound, rect.y1))
      if first < last { kept.add(top + first..<top + last) }
    }
    return Mask(kept)
  }
}
