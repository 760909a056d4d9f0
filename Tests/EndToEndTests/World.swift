import Foundation
import Images
import Regions
import Support
import TestSupport

/// A tiny world that the tests generate: photographs of coloured blocks with their annotations, and
/// a teacher with random weights. Made once, removed when the tests end.
struct World: Sendable {
  let folder: String
  var data: String { "\(folder)/data" }

  static let categories = ["red block", "green block", "blue block", "yellow block"]
  static let base = Array(categories[..<3])
  static let trainImages = 8
  static let valImages = 4

  static let shared = Result { try World() }

  private init() throws {
    folder =
      FileManager.default.temporaryDirectory
      .appending(path: "vild-world-\(getpid())").path
    try? FileManager.default.removeItem(atPath: folder)
    atexit { try? FileManager.default.removeItem(atPath: (try? World.shared.get())?.folder ?? "") }
    try Files.createFolder(data)
    try writePart("train", firstID: 1, count: Self.trainImages)
    try writePart("val", firstID: 101, count: Self.valImages)
    try write(["base": Self.base, "novel": ["yellow block"]], to: "split.json")
    try writeTeacher(into: "\(data)/teacher")
  }

  /// Writes `<name>/<id>.jpg` and `<name>.json`.
  private func writePart(_ name: String, firstID: Int, count: Int) throws {
    try Files.createFolder("\(data)/\(name)")
    var images: [[String: Any]] = []
    var annotations: [[String: Any]] = []
    for id in firstID..<firstID + count {
      var image = Image(width: 96, height: 72, filledWith: Color(120, 130, 140))
      for block in 0..<3 {
        let category = (id + block) % Self.categories.count
        let (x, y, side) = (4 + 31 * block, 5 + (id * 7 + block * 13) % 30, 18 + 4 * (id % 3))
        image.fill(
          PixelRect(x0: x, y0: y, x1: x + side, y1: y + side), color: Self.colors[category])
        annotations.append([
          "id": annotations.count + 1, "image_id": id, "category_id": category + 1,
          "bbox": [x, y, side, side], "area": side * side, "iscrowd": 0,
          "segmentation": [[x, y, x + side, y, x + side, y + side, x, y + side]],
        ])
      }
      let file = "\(id).jpg"
      try Files.write(image.jpegData(), to: "\(data)/\(name)/\(file)")
      images.append(["id": id, "file_name": file, "width": 96, "height": 72])
    }
    let categories: [[String: Any]] = Self.categories.enumerated().map {
      ["id": $0 + 1, "name": $1]
    }
    try write(
      ["images": images, "annotations": annotations, "categories": categories], to: "\(name).json")
  }

  private static let colors = [
    Color(220, 30, 30), Color(30, 200, 40), Color(40, 60, 220), Color(230, 220, 40),
  ]

  /// JSON with sorted keys and no spaces, so that tests can replace parts of its text.
  private func write(_ object: Any, to name: String) throws {
    try Files.write(
      JSONSerialization.data(withJSONObject: object, options: .sortedKeys), to: "\(data)/\(name)")
  }
}

extension World {
  /// A pipeline whose stages take a second or two each.
  static let pipeline = """
    name: tiny
    data:
      train: {images: train, annotations: train.json}
      val: {images: val, annotations: val.json}
      split: split.json
    teacher: {family: conse, folder: teacher}
    proposals:
      top: 4
      long_side: 96
    \(network)
      training: {epochs: 1, long_sides: [96], checkpoint_steps: 1, warmup_steps: 1}
    regions: {images_per_shard: 2}
    student:
    \(network)
    distillation:
      regions_per_image: 4
      training: {epochs: 2, long_sides: [96], checkpoint_steps: 1, warmup_steps: 1}
    detection: {long_side: 96, proposals: 20, limit: 10, draw_threshold: 0}

    """

  private static let network = """
      network:
        detector:
          backbone: {family: efficientnet-lite0, norm: frozen, frozen_stages: 2}
          normalization: {kind: none}
          pyramid: {channels: 16, finest_level: 3, coarse: subsampled}
          proposals:
            {convolutions: 1, anchor_scale: 4, training_candidates: 50, candidates: 50,
             training_kept: 20, sampled_anchors: 32}
          regions:
            {canonical_size: 32, convolutions: 0, fully_connected: [32], sampled_regions: 16}
          masks: {enabled: false}
    """
}
