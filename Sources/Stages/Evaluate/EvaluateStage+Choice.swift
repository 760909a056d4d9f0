import Datasets
public import Evaluation
import Pipeline
import Student
import Support

extension EvaluateStage {
  /// Annotated images of another data set than the pipeline's.
  public struct Target {
    let annotations: String
    let images: String

    /// - Parameters:
    ///   - annotations: a file in COCO's or LVIS's form, or a folder of Pascal VOC's XML files.
    ///   - images: the folder of the images.
    public init(annotations: String, images: String) {
      self.annotations = annotations
      self.images = images
    }
  }

  /// What is evaluated, and by whose rules.
  public struct Choice {
    let target: Target?
    let rules: EvaluationProtocol?
    let student: String?

    /// - Parameters:
    ///   - target: nil for the pipeline's validation images. The categories of another data set are
    ///     looked for by their names; those that are base in training, by their names or the pipeline
    ///     file's words for them, are base, the others novel, and an ensemble treats each as `vild
    ///     detect` does: a name of the pipeline's split by its list, any other name halfway.
    ///   - rules: nil for the pipeline file's.
    ///   - student: the file of a student of the pipeline's teacher, method and base categories,
    ///     finished or in training, or its folder; nil for the one that the pipeline trains.
    public init(
      on target: Target? = nil, by rules: EvaluationProtocol? = nil, student: String? = nil
    ) {
      (self.target, self.rules, self.student) = (target, rules, student)
    }
  }

  /// - Throws: `InputError` also for a student that knows no other categories than its own.
  static func images(of target: Target, _ run: Run) throws(InputError) -> AnnotatedImages {
    let (method, classifier) = (
      run.configuration.student.method, run.configuration.detection.classifier
    )
    guard method.isOpenVocabulary || classifier != .student else {
      throw InputError(
        .configuration, "a student of method '\(method.rawValue)' knows no other categories",
        at: "student.method", expected: "a method that learns from text", got: method.rawValue)
    }
    let base = run.configuration.data.spellings(ofBaseIn: try run.trainingSplit())
    return try AnnotatedImages(
      annotations: target.annotations, folder: target.images, of: run
    ) { dataset in
      CategorySplit(of: dataset.categories.map(\.name), base: base)
    }
  }
}
