public import Images
public import Regions
public import Tensors

/// Embeds regions of images as the paper does: several crops a region, each through the teacher's
/// image tower, combined into one unit vector.
public struct RegionEmbedder: Sendable {
  /// How the crops of a region become one vector. Part of a cache's recipe.
  public enum Combination: String, Hashable, Sendable, Codable, CaseIterable {
    /// Every crop's vector has length 1 before they are added.
    case unitSum
    /// The tower's vectors are added as they come.
    case rawSum
  }

  /// Whose embeddings these are.
  public let teacher: any Teacher
  /// Which crops are taken of a region.
  public let rule: CropRule
  /// How they are combined.
  public let combination: Combination

  /// The paper's crops at 1x and 1.5x unless told otherwise.
  public init(
    teacher: any Teacher, rule: CropRule = CropRule(), combination: Combination = .unitSum
  ) {
    self.teacher = teacher
    self.rule = rule
    self.combination = combination
  }

  /// Embeddings of the regions of one image, on all cores: [R, D], unit rows.
  ///
  /// Crops of the same pixels are embedded once. Memory beyond the result does not grow with R.
  /// - Parameter boxes: R finite boxes; parts outside the image are not looked at.
  public func embed(_ image: Image, boxes: [Box]) -> Tensor {
    var crops: [PixelRect] = []
    var numbers: [PixelRect: Int] = [:]
    // Numbers of the crops of every region, factors in order.
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
    return unitSums(of: embed(crops, of: image), rows, each: rule.factors.count)
  }

  /// Embeddings of crops as they enter the sum: [N, D]. A worker takes one crop after another
  /// through the whole tower.
  private func embed(_ crops: [PixelRect], of image: Image) -> Tensor {
    let width = teacher.width
    return Tensor([crops.count, width]) { out in
      // Safe: every crop writes a row of its own.
      nonisolated(unsafe) let out = out
      Parallel.items(crops.count) { number in
        let pixels = teacher.preprocessing.pixels(of: [crops[number]], in: image)
        let row =
          switch combination {
          case .unitSum: teacher.embed(pixels: pixels)
          case .rawSum: teacher.embedUnnormalized(pixels: pixels)
          }
        row.withElements { copyRow(0, of: $0, to: number, of: out, width) }
      }
    }
  }
}
