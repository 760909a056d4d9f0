import Images
import Regions
import Tensors

/// The crops of an image's regions, each once, in batches for the tower.
struct PlannedRegions: Sendable {
  let image: Image
  private let regions: [Region]
  /// N different crops.
  let crops: [PixelRect]
  /// Cover the crops in order.
  let batches: [Range<Int>]
  /// Numbers of the crops of every region, factors in order.
  private let rows: [Int]
  /// How many crops a region has.
  private let cropsPerRegion: Int

  init(_ regions: [Region], of image: Image, rule: CropRule, cropsPerBatch: Int) {
    precondition(cropsPerBatch > 0, "a batch holds at least one crop")
    var crops: [PixelRect] = []
    var numbers: [PixelRect: Int] = [:]
    var rows: [Int] = []
    for region in regions {
      let box = region.box
      for crop in rule.crops(of: box, imageWidth: image.width, imageHeight: image.height) {
        let number = numbers[crop, default: crops.count]
        if number == crops.count {
          numbers[crop] = number
          crops.append(crop)
        }
        rows.append(number)
      }
    }
    self.image = image
    self.regions = regions
    self.crops = crops
    self.rows = rows
    cropsPerRegion = rule.factors.count
    batches = stride(from: 0, to: crops.count, by: cropsPerBatch).map {
      $0..<min($0 + cropsPerBatch, crops.count)
    }
  }

  /// The regions with their unit vectors.
  ///
  /// - Parameters:
  ///   - parts: [crops of the batch, D] per batch, in order.
  ///   - width: D
  func embeddings(from parts: [Tensor], width: Int) -> RegionResult.Embeddings {
    let all = Tensor([crops.count, width]) { out in
      var filled = 0
      for part in parts {
        part.withElements { part in
          _ = out[filled..<filled + part.count].update(fromContentsOf: part)
          filled += part.count
        }
      }
    }
    return RegionResult.Embeddings(
      width: image.width, height: image.height,
      regions: EmbeddedRegions(
        regions, vectors: unitSums(of: all, rows, each: cropsPerRegion).array))
  }
}

extension RegionEmbedder {
  func plan(_ regions: [Region], of image: Image) -> PlannedRegions {
    PlannedRegions(regions, of: image, rule: rule, cropsPerBatch: teacher.cropsPerBatch)
  }
}
