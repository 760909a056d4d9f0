import Cache
import Images
import Pipeline
import Regions
import Support
import Teacher

/// The lines of `vild embed --list`: all that a program elsewhere needs to compute the vectors that the cache
/// is to hold. `schemas/vectors.md` describes them.
struct EmbeddingList: Sendable {
  /// Of an image.
  struct Line: Sendable {
    var text: JSONText
    /// Why the image cannot be embedded.
    var error: ImageError?
  }

  static let version = 1

  private let task: EmbeddingTask
  private let rule: CropRule

  init(_ task: EmbeddingTask, rule: CropRule) { (self.task, self.rule) = (task, rule) }

  /// The first line: by which recipe, and how crops become vectors.
  func head(of images: [RegionsToEmbed.Image], for embedder: RegionEmbedder) -> JSONText {
    let pixels = embedder.teacher.preprocessing
    func levels(_ values: SIMD3<Float>) -> JSONText {
      .array((0..<3).map { .number(values[$0]) })
    }
    return .object([
      ("vild", .string("embedding list")), ("version", .number(Self.version)),
      ("recipeHash", .string(task.recipe.hash)),
      ("recipe", .string(String(decoding: Fingerprint.canonicalJSON(task.recipe), as: UTF8.self))),
      ("folder", .string(EmbeddingTask.inFull(task.images.folder))),
      ("images", .number(images.count)), ("regions", .number(images.regions)),
      ("cropsPerRegion", .number(rule.factors.count)),
      ("dimension", .number(embedder.teacher.width)),
      ("combination", .string(embedder.combination.rawValue)),
      (
        "input",
        .object([
          ("size", .number(pixels.size)), ("filter", .string(pixels.filter.rawValue)),
          ("fit", .string(pixels.fit.rawValue)),
          ("side", .number(pixels.shortSide ?? pixels.size)), ("mean", levels(pixels.mean)),
          ("deviation", levels(pixels.standardDeviation)),
        ])
      ),
    ])
  }

  /// The line of an image.
  func line(_ proposals: Proposals) -> Line {
    let id = proposals.imageID
    let path = task.path(of: id)
    let name = PathText.below(task.images.folder, task.images.path(of: id))
    let named: [(String, JSONText?)] = [("id", .number(id)), ("file", .string(name))]
    do throws(ImageError) {
      let file = try ImageFile(path)
      let (header, policy) = try task.images.header(id, of: file)
      let size = header.size(policy)
      let regions = proposals.regions
      let crops = regions.map { region in
        JSONText.array(
          rule.crops(of: region.box, imageWidth: size.width, imageHeight: size.height).map {
            .array([$0.x0, $0.y0, $0.x1, $0.y1].map { .number($0) })
          })
      }
      let boxes = regions.map { region in
        let box = region.box
        return JSONText.array([box.x0, box.y0, box.x1, box.y1].map { .number($0) })
      }
      let turn = policy == .upright ? header.orientation : .upright
      let more: [(String, JSONText?)] = [
        ("sha256", .string(file.content)), ("width", .number(size.width)),
        ("height", .number(size.height)), ("orientation", .number(turn.rawValue)),
        ("boxes", .array(boxes)), ("scores", .array(regions.map { .number($0.score) })),
        ("crops", .array(crops)),
      ]
      return Line(text: .object(named + more))
    } catch {
      return Line(text: .object(named + [("error", .string("\(error)"))]), error: error)
    }
  }
}

extension AnnotatedImages {
  /// What a file that has been read says of itself, and how it is to be turned for the annotations.
  func header(
    _ id: Int, of file: ImageFile
  ) throws(ImageError) -> (header: ImageHeader, policy: OrientationPolicy) {
    let path = path(of: id)
    return try file.header(path, limits: choices.limits) { header throws(ImageError) in
      try choices.orientation.policy(for: header, annotated: size(of: id), name: path)
    }
  }
}
