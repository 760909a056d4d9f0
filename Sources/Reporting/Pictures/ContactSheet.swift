public import Detection
public import Images
package import Regions

/// Several photographs with their detections on one picture, in rows as wide as it is, and what the
/// mark of novel names means below them.
public struct ContactSheet: Sendable {
  /// A photograph and what was found in it.
  public struct Item: Sendable {
    let image: Image
    let detections: [Detection]

    /// - Parameter detections: in pixels of `image`.
    public init(image: Image, detections: [Detection]) {
      (self.image, self.detections) = (image, detections)
    }
  }

  private let items: [Item]
  private let width: Int
  private let places: [PixelRect]

  /// Pixels between photographs.
  private static let gap = 8
  /// What the sheet's height is to its width, as near as whole rows come.
  private static let shape = 0.6

  /// - Parameters:
  ///   - items: at least one, in the order of reading.
  ///   - width: pixels, at least 100.
  public init(_ items: [Item], width: Int) {
    precondition(!items.isEmpty && width >= 100, "a sheet has photographs and room for them")
    (self.items, self.width) = (items, width)
    let aspects = items.map { Double($0.image.width) / Double($0.image.height) }
    let layouts = (1...items.count).map { Self.layout(aspects, rows: $0, width: width) }
    func distance(_ layout: [PixelRect]) -> Double {
      abs(Double(layout[layout.count - 1].y1) / Double(width) - Self.shape)
    }
    places = layouts.min { distance($0) < distance($1) }!
  }

  /// Where photographs of these widths to a height of 1 go, as many in each row as in the others, but
  /// for one. A row is as wide as the sheet, unless it would be higher than half of that.
  package static func layout(_ aspects: [Double], rows: Int, width: Int) -> [PixelRect] {
    var places: [PixelRect] = []
    var top = 0
    for row in 0..<rows {
      let members = aspects[row * aspects.count / rows..<(row + 1) * aspects.count / rows]
      let room = Double(width - gap * (members.count - 1))
      let height = max(1, min(room / members.reduce(0, +), Double(width) / 2))
      var left = 0.0
      for aspect in members {
        let right = left + aspect * height
        // Neighbours' edges are rounded alike, so that a full row ends at the sheet's edge.
        places.append(
          PixelRect(
            x0: Int(left.rounded()), y0: top,
            x1: max(Int(left.rounded()) + 1, Int(right.rounded())),
            y1: top + Int(height.rounded())))
        left = right + Double(gap)
      }
      top += Int(height.rounded()) + gap
    }
    return places
  }

  /// The sheet, white where nothing is.
  public func draw(by picture: Picture) -> Image {
    let tiles = zip(items, places).map { item, place in
      picture.draw(
        item.detections, on: item.image, scaledTo: (place.width, place.height),
        // Readable where the sheet is shown at two thirds of its size.
        textShare: 1.0 / 24)
    }
    let legend = picture.legend(
      of: items.flatMap(\.detections), textSize: max(11, width / 70))
    let bottom = places[places.count - 1].y1
    var sheet = Image(
      width: width, height: bottom + (legend.map { $0.height + Self.gap } ?? 0),
      filledWith: .white)
    for (tile, place) in zip(tiles, places) { sheet.paste(tile, x: place.x0, y: place.y0) }
    if let legend { sheet.draw(legend, x: 0, y: bottom + Self.gap, color: .black) }
    return sheet
  }
}
