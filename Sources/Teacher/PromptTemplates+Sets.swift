public import Support

extension PromptTemplates: CustomStringConvertible {
  /// The ones with a name.
  public static let named: KeyValuePairs<String, PromptTemplates> = [
    "vild": vild, "clip": clip, "single": single, "conse": conse,
  ]

  /// - Throws: `InputError` (`configuration`) for a name that is not in `named`.
  public init(named name: String) throws(InputError) {
    guard let found = Self.named.first(where: { $0.key == name }) else {
      throw InputError(
        .configuration, "unknown prompt templates '\(name)'",
        expected: Self.named.map(\.key).joined(separator: ", "))
    }
    self = found.value
  }

  /// One sentence for people, the same for equal templates: "the 63 templates 'vild', articles by
  /// 'release', names cleaned by 'release', with 'This is'".
  public var description: String {
    let name = Self.named.first { $0.value.templates == templates }.map { " '\($0.key)'" } ?? ""
    var text =
      templates.count == 1
      ? "the template '\(templates[0])'" : "the \(templates.count) templates\(name)"
    if templates.contains(where: { $0.contains("{article}") }) {
      text += ", articles by '\(article.rawValue)'"
    }
    text += cleanUp == .none ? ", names as they are" : ", names cleaned by '\(cleanUp.rawValue)'"
    return thisIs ? "\(text), with 'This is'" : text
  }

  /// The ones the ConSE teacher is used with.
  public static let conse = PromptTemplates(trusted: [
    "a photo of a {}.", "a {}.", "a photo of the {}.", "this is a {} in the scene.",
  ])

  /// One sentence, ViLD's without prompt engineering.
  public static let single = PromptTemplates(
    trusted: ["a photo of {article} {}."], cleanUp: .release)

  /// The paper's 63, as its released code has them.
  public static let vild = PromptTemplates(
    trusted: paper, article: .release, cleanUp: .release, thisIs: true)

  /// The 80 that CLIP's authors classify ImageNet with; names are cleaned as ViLD's, which changes
  /// nothing for ImageNet's.
  public static let clip = PromptTemplates(trusted: openAI, cleanUp: .release)

  // From the ViLD demo of github.com/tensorflow/tpu, Copyright Google LLC, Apache License 2.0.
  private static let paper = [
    "There is {article} {} in the scene.",
    "There is the {} in the scene.",
    "a photo of {article} {} in the scene.",
    "a photo of the {} in the scene.",
    "a photo of one {} in the scene.",
    "itap of {article} {}.",
    "itap of my {}.",
    "itap of the {}.",
    "a photo of {article} {}.",
    "a photo of my {}.",
    "a photo of the {}.",
    "a photo of one {}.",
    "a photo of many {}.",
    "a good photo of {article} {}.",
    "a good photo of the {}.",
    "a bad photo of {article} {}.",
    "a bad photo of the {}.",
    "a photo of a nice {}.",
    "a photo of the nice {}.",
    "a photo of a cool {}.",
    "a photo of the cool {}.",
    "a photo of a weird {}.",
    "a photo of the weird {}.",
    "a photo of a small {}.",
    "a photo of the small {}.",
    "a photo of a large {}.",
    "a photo of the large {}.",
    "a photo of a clean {}.",
    "a photo of the clean {}.",
    "a photo of a dirty {}.",
    "a photo of the dirty {}.",
    "a bright photo of {article} {}.",
    "a bright photo of the {}.",
    "a dark photo of {article} {}.",
    "a dark photo of the {}.",
    "a photo of a hard to see {}.",
    "a photo of the hard to see {}.",
    "a low resolution photo of {article} {}.",
    "a low resolution photo of the {}.",
    "a cropped photo of {article} {}.",
    "a cropped photo of the {}.",
    "a close-up photo of {article} {}.",
    "a close-up photo of the {}.",
    "a jpeg corrupted photo of {article} {}.",
    "a jpeg corrupted photo of the {}.",
    "a blurry photo of {article} {}.",
    "a blurry photo of the {}.",
    "a pixelated photo of {article} {}.",
    "a pixelated photo of the {}.",
    "a black and white photo of the {}.",
    "a black and white photo of {article} {}.",
    "a plastic {}.",
    "the plastic {}.",
    "a toy {}.",
    "the toy {}.",
    "a plushie {}.",
    "the plushie {}.",
    "a cartoon {}.",
    "the cartoon {}.",
    "an embroidered {}.",
    "the embroidered {}.",
    "a painting of the {}.",
    "a painting of a {}.",
  ]

  // From the ImageNet notebook of github.com/openai/CLIP, Copyright OpenAI, MIT License.
  private static let openAI = [
    "a bad photo of a {}.",
    "a photo of many {}.",
    "a sculpture of a {}.",
    "a photo of the hard to see {}.",
    "a low resolution photo of the {}.",
    "a rendering of a {}.",
    "graffiti of a {}.",
    "a bad photo of the {}.",
    "a cropped photo of the {}.",
    "a tattoo of a {}.",
    "the embroidered {}.",
    "a photo of a hard to see {}.",
    "a bright photo of a {}.",
    "a photo of a clean {}.",
    "a photo of a dirty {}.",
    "a dark photo of the {}.",
    "a drawing of a {}.",
    "a photo of my {}.",
    "the plastic {}.",
    "a photo of the cool {}.",
    "a close-up photo of a {}.",
    "a black and white photo of the {}.",
    "a painting of the {}.",
    "a painting of a {}.",
    "a pixelated photo of the {}.",
    "a sculpture of the {}.",
    "a bright photo of the {}.",
    "a cropped photo of a {}.",
    "a plastic {}.",
    "a photo of the dirty {}.",
    "a jpeg corrupted photo of a {}.",
    "a blurry photo of the {}.",
    "a photo of the {}.",
    "a good photo of the {}.",
    "a rendering of the {}.",
    "a {} in a video game.",
    "a photo of one {}.",
    "a doodle of a {}.",
    "a close-up photo of the {}.",
    "a photo of a {}.",
    "the origami {}.",
    "the {} in a video game.",
    "a sketch of a {}.",
    "a doodle of the {}.",
    "a origami {}.",
    "a low resolution photo of a {}.",
    "the toy {}.",
    "a rendition of the {}.",
    "a photo of the clean {}.",
    "a photo of a large {}.",
    "a rendition of a {}.",
    "a photo of a nice {}.",
    "a photo of a weird {}.",
    "a blurry photo of a {}.",
    "a cartoon {}.",
    "art of a {}.",
    "a sketch of the {}.",
    "a embroidered {}.",
    "a pixelated photo of a {}.",
    "itap of the {}.",
    "a jpeg corrupted photo of the {}.",
    "a good photo of a {}.",
    "a plushie {}.",
    "a photo of the nice {}.",
    "a photo of the small {}.",
    "a photo of the weird {}.",
    "the cartoon {}.",
    "art of the {}.",
    "a drawing of the {}.",
    "a photo of the large {}.",
    "a black and white photo of a {}.",
    "the plushie {}.",
    "a dark photo of a {}.",
    "itap of a {}.",
    "graffiti of the {}.",
    "a toy {}.",
    "itap of my {}.",
    "a photo of a cool {}.",
    "a photo of a small {}.",
    "a tattoo of the {}.",
  ]
}
