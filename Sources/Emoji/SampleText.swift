import Datasets
import Images
import Regions
import Support

/// LVIS's JSON of a data set, piece by piece.
struct SampleText: Sendable {
  let plan: SamplePlan
  let catalogue: EmojiCatalogue

  /// The data set's id of a category, given as a place in the plan's.
  func id(_ category: Int) -> Int { catalogue.categories[plan.categories[category]].id }

  static func fileName(_ image: Int) -> String {
    let digits = String(image + 1)
    return String(repeating: "0", count: 12 - digits.count) + digits + ".jpg"
  }

  /// The entry of `images`; ids count from 1.
  func image(_ number: Int, _ half: SamplePlan.Half, contents: [Int], scene: Scene) -> String {
    let absent = plan.absent(from: number, half, contents: contents)
    return JSONText.object([
      ("id", .number(number + 1)), ("file_name", .string(Self.fileName(number))),
      ("width", .number(scene.image.width)), ("height", .number(scene.image.height)),
      ("neg_category_ids", .array(absent.map { .number(id($0)) })),
      ("not_exhaustive_category_ids", .array([])),
    ]).description
  }

  /// The entries of `annotations`, whose ids follow from the image's.
  func annotations(_ number: Int, scene: Scene) -> [String] {
    scene.objects.enumerated().map { index, object in
      guard let box = object.mask.bounds else { preconditionFailure("an object is visible") }
      let visible = (object.visible * 1000).rounded() / 1000
      return JSONText.object([
        ("id", .number((number + 1) * 100 + index)), ("image_id", .number(number + 1)),
        ("category_id", .number(catalogue.categories[object.category].id)),
        ("bbox", .array([box.x0, box.y0, box.width, box.height].map(JSONText.number))),
        ("area", .number(object.mask.area)), ("visible", .number(visible)),
        ("iscrowd", .number(0)), ("segmentation", .runs(object.mask)),
      ]).description
    }
  }

  /// The entry of `categories`.
  ///
  /// - Parameters:
  ///   - category: a place in the plan's.
  ///   - images, instances: how many of them have it in this half.
  func category(_ category: Int, images: Int, instances: Int) -> String {
    let entry = catalogue.categories[plan.categories[category]]
    return JSONText.object([
      ("id", .number(entry.id)), ("name", .string(entry.name)),
      ("synonyms", .array(([entry.name] + entry.synonyms).map(JSONText.string))),
      ("def", .string(entry.definition)), ("frequency", .string(frequency(category).rawValue)),
      ("image_count", .number(images)), ("instance_count", .number(instances)),
    ]).description
  }

  func frequency(_ category: Int) -> COCODataset.Category.Frequency {
    switch plan.tail.imageCounts[category] {
    case ...10: .rare
    case ...100: .common
    default: .frequent
    }
  }

  /// The split: rare categories are novel.
  var split: String {
    func names(_ isNovel: Bool) -> String {
      plan.categories.indices.filter { (frequency($0) == .rare) == isNovel }
        .map { "    \(JSONText.string(catalogue.categories[plan.categories[$0]].name))" }
        .joined(separator: ",\n")
    }
    return "{\n  \"base\": [\n\(names(false))\n  ],\n  \"novel\": [\n\(names(true))\n  ]\n}\n"
  }

  /// The head of a file, up to the first entry of `images`.
  func head(_ half: SamplePlan.Half) -> String {
    let parameters = plan.parameters
    let description =
      "Scenes of Noto Color Emoji \(GlyphFont.version), \(half.rawValue), "
      + "\(plan.count(half)) images of \(parameters.size) pixels, \(plan.categories.count) "
      + "categories, seed \(parameters.seed)"
    let info = JSONText.object([("description", .string(description))])
    return "{\"info\":\(info),\n\"images\":[\n"
  }
}
