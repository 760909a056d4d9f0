public import Evaluation

/// What the page says about one run of a pipeline.
public struct ReportedRun: Sendable {
  /// The figures of one training.
  public struct Training: Sendable {
    /// One figure over the steps.
    public struct Diagram: Sendable {
      /// An SVG element.
      public var svg: String
      /// What the figure means, in a sentence.
      public var explanation: String?

      /// - Parameter svg: as text.
      public init(svg: String, explanation: String?) {
        (self.svg, self.explanation) = (svg, explanation)
      }
    }

    /// What was trained: "student".
    public var name: String
    /// In the order to show them in.
    public var diagrams: [Diagram]
    /// Figures that stayed the same, with their values.
    public var unchanged: [String]
    /// What the training found wrong, a line each.
    public var warnings: [String]

    public init(
      name: String, diagrams: [Diagram], unchanged: [String], warnings: [String] = []
    ) {
      (self.name, self.diagrams) = (name, diagrams)
      (self.unchanged, self.warnings) = (unchanged, warnings)
    }
  }

  /// What the run is called, different from all others of a page.
  public var name: String
  /// The method's name in the pipeline file, where the student classifies: the paper's number of the
  /// same method is pointed out.
  public var method: String
  /// The method in words: "ViLD-ensemble, clip teacher".
  public var summary: String
  public var evaluation: EvaluationReport
  /// Empty where no logs are there.
  public var trainings: [Training]
  /// Nil where there is nothing to show.
  public var gallery: SceneGallery?
  /// What was counted, in the order to show it in.
  public var counts: [(what: String, count: Int)]
  /// The pipeline file with every default written out.
  public var pipeline: String

  public init(
    name: String, method: String, summary: String, evaluation: EvaluationReport,
    trainings: [Training], gallery: SceneGallery?, counts: [(what: String, count: Int)],
    pipeline: String
  ) {
    self.name = name
    self.method = method
    self.summary = summary
    self.evaluation = evaluation
    self.trainings = trainings
    self.gallery = gallery
    self.counts = counts
    self.pipeline = pipeline
  }
}
