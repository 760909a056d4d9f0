import Evaluation

/// Results of the paper (Gu et al., ICLR 2022) on LVIS v1 with a ResNet-50 and CLIP ViT-B/32, to
/// stand beside a run's.
package struct PaperResult {
  /// As the paper calls it.
  let name: String
  /// The pipeline file's name of the method, or of the classifier where it is not the student.
  let method: String?
  let iouType: IoUType
  /// In percent.
  package let apr, apc, apf, ap: Double

  /// Those that are confirmed, in the order of the paper's table of masks; then of boxes.
  static let all = [
    mask("supervised, base and novel labels", "supervised_all", 12.3, 24.3, 32.4, 25.4),
    mask("ViLD-text", "vild_text", 10.1, 23.9, 32.5, 24.9),
    mask("ViLD", "vild", 16.1, 20.0, 28.3, 22.5),
    mask("ViLD-ensemble", "vild_ensemble", 16.6, 24.6, 30.3, 25.5),
    PaperResult(
      name: "ViLD-ensemble", method: "vild_ensemble", iouType: .box, apr: 16.7, apc: 26.5,
      apf: 34.2, ap: 27.8),
  ]

  /// The paper's masks of a method, by the pipeline file's name.
  package static func masks(of method: String) -> PaperResult? {
    all.first { $0.method == method && $0.iouType == .mask }
  }

  private static func mask(
    _ name: String, _ method: String?, _ apr: Double, _ apc: Double, _ apf: Double, _ ap: Double
  ) -> PaperResult {
    PaperResult(name: name, method: method, iouType: .mask, apr: apr, apc: apc, apf: apf, ap: ap)
  }
}
