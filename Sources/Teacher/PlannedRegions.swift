import Images
import Regions
import Tensors

/// The crops of an image's regions, each once, in batches for the tower.
struct PlannedRegions: Sendable {
  let image: Image
  /// N different crops.
  let crops: [PixelRect]
  /// Cover the crops in order.
  let batches: [Range<Int>]
  /// Numbers of the crops of every region, factors in order.
  private let rows: [Int]
  /// How many crops a region has.
  private let cropsPerRegion: Int

  init(_ boxes: [Box], of image: Image, rule: CropRule, cropsPerBatch: Int) {
    precondition(cropsPerBatch > 0, "a batch holds at least one crop")
    var crops: [PixelRect] = []
    var numbers: [PixelRect: Int] = [:]
    var rows: [Int] = []
    for box in boxes {
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
    self.crops = crops
    self.rows = rows
    cropsPerRegion = rule.factors.count
    batches = stride(from: 0, to: crops.count, by: cropsPerBatch).map {
      $0..<min($0 + cropsPerBatch, crops.count)
    }
  }

  /// The regions' unit vectors.
  ///
  /// - Parameters:
  ///   - parts: [crops of the batch, D] a batch, in order.
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
      vectors: unitSums(of: all, rows, each: cropsPerRegion))
  }
}

extension RegionEmbedder {
  func plan(_ boxes: [Box], of image: Image) -> PlannedRegions {
    PlannedRegions(boxes, of: image, rule: rule, cropsPerBatch: teacher.cropsPerBatch)
  }
}
