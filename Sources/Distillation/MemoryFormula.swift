/// What the memory of a training step depends on, for the images that go through the network at
/// once.
public struct TrainingSize: Hashable, Sendable {
  /// Of the padded batch.
  public var pixels: Int
  /// Sampled and distilled, of all images together.
  public var regions: Int
  /// Base categories.
  public var categories: Int

  public init(pixels: Int, regions: Int, categories: Int) {
    (self.pixels, self.regions, self.categories) = (pixels, regions, categories)
  }
}

/// The largest memory of a training step in bytes: fixed + a pixels + b regions + c categories
/// + d regions x categories.
///
/// The fixed part is weights, gradients and velocities, and the work space of large kernels.
public struct MemoryFormula: Codable, Hashable, Sendable {
  public var fixed: Double
  public var perPixel: Double
  public var perRegion: Double
  public var perCategory: Double
  public var perRegionAndCategory: Double

  /// Solves for the coefficients with what some sizes were found to take: a size, and the same with
  /// more pixels, more regions, more categories, and more of both of these.
  init(
    _ size: TrainingSize, pixels: Int, regions: Int, categories: Int, bytes: (TrainingSize) -> Int
  ) {
    func found(_ change: (inout TrainingSize) -> Void) -> Double {
      var other = size
      change(&other)
      return Double(bytes(other))
    }
    let (newRegions, newCategories) = (regions, categories)
    let base = found { _ in }
    let (P, R, C) = (Double(size.pixels), Double(size.regions), Double(size.categories))
    let moreCategories = Double(newCategories) - C
    let moreRegions = Double(newRegions) - R
    perPixel = (found { $0.pixels = pixels } - base) / (Double(pixels) - P)
    let regionBytes = found { $0.regions = newRegions } - base
    let categoryBytes = found { $0.categories = newCategories } - base
    let bothBytes = found { ($0.regions, $0.categories) = (newRegions, newCategories) } - base
    perRegionAndCategory = max(
      0, (bothBytes - regionBytes - categoryBytes) / (moreRegions * moreCategories))
    perRegion = regionBytes / moreRegions - perRegionAndCategory * C
    perCategory = categoryBytes / moreCategories - perRegionAndCategory * R
    fixed = base - perPixel * P - perRegion * R - perCategory * C - perRegionAndCategory * R * C
  }

  public func bytes(_ size: TrainingSize) -> Int {
    let (P, R, C) = (Double(size.pixels), Double(size.regions), Double(size.categories))
    return Int(
      (fixed + perPixel * P + perRegion * R + perCategory * C + perRegionAndCategory * R * C)
        .rounded())
  }
}
