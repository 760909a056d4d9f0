/// How the images of a validation set look.
public enum SceneStyle: String, Sendable, CaseIterable, Codable {
  /// As the training images.
  case plain
  /// Without colour.
  case grey
  /// Out of focus, by 1/120 of the longer side.
  case blurred
  /// In a strong coloured light.
  case tinted
}
