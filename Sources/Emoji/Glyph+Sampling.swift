extension Glyph {
  /// Calls `body` for the pixels of an image in which the placed glyph is not fully transparent, row
  /// by row.
  ///
  /// A pixel is read from the level whose pixels are at most its size, between neighbours with
  /// bilinear weights; where they are smaller than three quarters of it, at four places in it. All in
  /// whole numbers: the same on every machine.
  /// - Parameters:
  ///   - width, height: the image's.
  ///   - stride: only every stride-th column and row, from the first on, is visited.
  ///   - body: gets column, row, and the premultiplied colour as four numbers of 16 bits in
  ///     0...65,280: red in the lowest bits, green, blue, alpha.
  @inline(__always)
  package func sample(
    _ placement: Placement, width: Int, height: Int, stride step: Int = 1,
    _ body: (_ x: Int, _ y: Int, _ color: UInt64) -> Void
  ) {
    let determinant =
      placement.across.x * placement.down.y - placement.across.y * placement.down.x
    guard abs(determinant) > 1e-12 else { return }
    // How far one step to the right, and one down, in the image leads in the glyph.
    let right = SIMD2(placement.down.y, -placement.across.y) / determinant
    let below = SIMD2(-placement.down.x, placement.across.x) / determinant
    let reach = max(
      (right * right).sum().squareRoot(), (below * below).sum().squareRoot())
    var number = 0
    while number + 1 < levels.count, reach >= Double(2 << number) { number += 1 }
    let level = levels[number]
    let scale = 1 / Double(1 << number)
    let isFine = reach * scale > 4.0 / 3

    // Positions in the level with its border, so that pixel i lies between i and i + 1, in 2^-16.
    let unit = 65536.0
    let (ru, rv) = (
      Int((right.x * scale * unit).rounded()), Int((right.y * scale * unit).rounded())
    )
    let (bu, bv) = (
      Int((below.x * scale * unit).rounded()), Int((below.y * scale * unit).rounded())
    )
    let origin =
      (SIMD2(Double(self.width), Double(self.height)) / 2
        + right * (0.5 - placement.centre.x) + below * (0.5 - placement.centre.y)) * scale
    let (u0, v0) = (
      Int(((origin.x + 0.5) * unit).rounded()), Int(((origin.y + 0.5) * unit).rounded())
    )
    let (limitU, limitV) = ((level.width + 1) << 16, (level.height + 1) << 16)
    let pitch = level.width + 2

    level.texels.withUnsafeBufferPointer { texels in
      let texels = texels.baseAddress!
      @inline(__always) func texel(_ u: Int, _ v: Int) -> UInt64 {
        if u < 0 || v < 0 || u >= limitU || v >= limitV { return 0 }
        let p = texels + ((v >> 16) * pitch + (u >> 16))
        let (fu, fv) = (
          UInt64(truncatingIfNeeded: u >> 8) & 255, UInt64(truncatingIfNeeded: v >> 8) & 255
        )
        let w11 = (fu &* fv) &>> 8
        return spread(p[0]) &* (256 &- fu &- fv &+ w11) &+ spread(p[1]) &* (fu &- w11)
          &+ spread(p[pitch]) &* (fv &- w11) &+ spread(p[pitch + 1]) &* w11
      }
      var y = 0
      while y < height {
        defer { y += step }
        let (rowU, rowV) = (u0 + bu * y, v0 + bv * y)
        // Columns in which both positions may be inside; four places lie up to a quarter pixel off.
        var (first, last) = (0, width - 1)
        let slack = isFine ? (abs(ru) + abs(rv) + abs(bu) + abs(bv)) / 4 + 2 : 0
        narrow(&first, &last, start: rowU, step: ru, limit: limitU, slack: slack)
        narrow(&first, &last, start: rowV, step: rv, limit: limitV, slack: slack)
        var x = (first + step - 1) / step * step
        while x <= last {
          let (u, v) = (rowU &+ ru &* x, rowV &+ rv &* x)
          let color: UInt64
          if isFine {
            let (qu, qv, pu, pv) = (ru / 4, rv / 4, bu / 4, bv / 4)
            let mask: UInt64 = 0x3FFF_3FFF_3FFF_3FFF
            color =
              (texel(u - qu - pu, v - qv - pv) &>> 2 & mask)
              &+ (texel(u + qu - pu, v + qv - pv) &>> 2 & mask)
              &+ (texel(u - qu + pu, v - qv + pv) &>> 2 & mask)
              &+ (texel(u + qu + pu, v + qv + pv) &>> 2 & mask)
          } else {
            color = texel(u, v)
          }
          if color >= 1 << 48 { body(x, y, color) }
          x &+= step
        }
      }
    }
  }
}

/// Four bytes as four numbers of 16 bits.
@inline(__always)
private func spread(_ texel: UInt32) -> UInt64 {
  var wide = UInt64(texel)
  wide = (wide | wide &<< 16) & 0x0000_FFFF_0000_FFFF
  return (wide | wide &<< 8) & 0x00FF_00FF_00FF_00FF
}

/// Leaves the columns x for which start + step x lies within -slack ..< limit + slack.
@inline(__always)
private func narrow(
  _ first: inout Int, _ last: inout Int, start: Int, step: Int, limit: Int, slack: Int
) {
  let (low, high) = (-slack - start, limit + slack - start)
  if step == 0 {
    if low > 0 || high <= 0 { last = -1 }
    return
  }
  let (a, b) = step > 0 ? (low, high) : (high, low)
  // Division rounds towards zero: a column more at either end does no harm.
  first = max(first, a / step - 1)
  last = min(last, b / step + 1)
}
