import Regions
import Support

/// The first line of a proposals file: where its boxes come from.
public struct ProposalsHeader: Hashable, Sendable {
  /// The categories the proposal network was trained on. Novel names here would make an
  /// open-vocabulary result worthless.
  public var labelSet: [String]
  /// What made the boxes: a checkpoint's or a project's name.
  public var source: String
  /// The IoU above which a worse box was dropped, in 0...1.
  public var nms: Double
  /// The largest number of boxes per image.
  public var top: Int
  /// The number of images, one line each.
  public var images: Int

  /// A header; the paper's offline proposals have `nms` 0.9 and `top` 300.
  public init(labelSet: [String], source: String, nms: Double, top: Int, images: Int) {
    self.labelSet = labelSet
    self.source = source
    self.nms = nms
    self.top = top
    self.images = images
  }

  static let format = "vild-proposals"
  /// Every line of this version carries its checksum (`SealedJSON`); of version 1, which others
  /// write, none has to.
  static let version = 2
}

extension Proposals {
  /// What is wrong and with which member, as `boxes[3]`; nil when these are proposals.
  func problem(top: Int = .max) -> (what: String, member: String)? {
    if regions.count > top {
      return ("\(regions.count.counted("box")) where top is \(top)", "boxes")
    }
    for (index, box) in regions.lazy.map(\.box).enumerated() {
      if !box.isFinite { return ("a box that is not finite", "boxes[\(index)]") }
      if box.width < 0 || box.height < 0 { return ("an inverted box", "boxes[\(index)]") }
    }
    for (index, score) in regions.lazy.map(\.score).enumerated() {
      if !(0...1).contains(score) { return ("a score outside 0...1", "scores[\(index)]") }
      if index > 0, score > regions[index - 1].score {
        return ("scores that are not sorted, best first", "scores[\(index)]")
      }
    }
    return nil
  }
}
