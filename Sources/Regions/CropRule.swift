/// Which crops of a region the teacher looks at. Part of a cache's recipe.
public struct CropRule: Codable, Hashable, Sendable {
  /// What happens to a crop that reaches over the image's border.
  public enum Border: String, Codable, Hashable, Sendable, CaseIterable {
    /// Only the part inside the image is looked at.
    case clip
    /// The crop keeps its place and shape; what lies outside the image is black (level 0).
    case padBlack = "pad_black"
  }

  /// How much larger than the region each crop is, about the same centre.
  public let factors: [Double]
  /// The paper does not say: `clip` is the choice made and recorded here; `padBlack` is what the
  /// widespread code of DetPro does.
  public let border: Border

  /// - Parameter factors: positive; the paper's are 1 and 1.5.
  public init(factors: [Double] = [1, 1.5], border: Border = .clip) {
    precondition(Self.areValid(factors), "a crop rule needs positive factors")
    self.factors = factors
    self.border = border
  }

  /// - Throws: `DecodingError` also for no factors, or one that is not a positive number.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    factors = try container.decode([Double].self, forKey: .factors)
    border = try container.decode(Border.self, forKey: .border)
    guard Self.areValid(factors) else {
      throw DecodingError.dataCorruptedError(
        forKey: .factors, in: container, debugDescription: "expected positive numbers")
    }
  }

  private static func areValid(_ factors: [Double]) -> Bool {
    !factors.isEmpty && factors.allSatisfy { $0 > 0 && $0.isFinite }
  }

  /// The crops of `box`, one a factor.
  ///
  /// - Parameter box: finite.
  /// - Returns: crops of at least one pixel of an image of `imageWidth` x `imageHeight`. With `clip`
  ///   they lie inside it. With `padBlack` they reach over each border by no more than the image's
  ///   own extent, which never touches a box inside the image at factors up to 3.
  public func crops(of box: Box, imageWidth: Int, imageHeight: Int) -> [PixelRect] {
    let (x, y) = (Double(box.x0), Double(box.y0))
    return crops(
      x: x, y: y, width: Double(box.x1) - x, height: Double(box.y1) - y,
      imageWidth: imageWidth, imageHeight: imageHeight)
  }

  /// The crops of a box in COCO's form, in double precision throughout.
  public func crops(
    x: Double, y: Double, width: Double, height: Double, imageWidth: Int, imageHeight: Int
  ) -> [PixelRect] {
    precondition(imageWidth > 0 && imageHeight > 0, "an image has pixels")
    let (centreX, centreY) = (x + width / 2, y + height / 2)
    return factors.map { factor in
      let across = pixels(centre: centreX, half: width * factor / 2, within: imageWidth)
      let down = pixels(centre: centreY, half: height * factor / 2, within: imageHeight)
      return PixelRect(
        x0: across.lowerBound, y0: down.lowerBound, x1: across.upperBound, y1: down.upperBound)
    }
  }

  /// How a box in float pixels becomes whole pixels, as recipes have it: another way has another name.
  public static let rounding = "half-to-even"

  /// Rounds halves to even, and keeps at least one pixel.
  private func pixels(centre: Double, half: Double, within extent: Int) -> Range<Int> {
    precondition(centre.isFinite && half.isFinite, "a box has finite coordinates")
    let allowed =
      switch border {
      case .clip: 0...extent
      case .padBlack: -extent...2 * extent
      }
    let (lowest, highest) = (Double(allowed.lowerBound), Double(allowed.upperBound))
    func whole(_ value: Double) -> Int {
      Int(min(max(value, lowest), highest).rounded(.toNearestOrEven))
    }
    let first = min(whole(centre - half), allowed.upperBound - 1)
    return first..<max(whole(centre + half), first + 1)
  }
}
