public import Cache
package import Detection
public import Distillation
package import Evaluation
public import Regions
public import Student
public import Teacher
public import Tensors

/// A pipeline file, decoded: which data, which teacher, and every choice of every stage.
///
/// Paths are relative to the data root that the command line gives. Keys in the file are the
/// properties' names in snake case.
public struct PipelineConfiguration: Codable, Hashable, Sendable {
  /// Names the folder of the run's outputs.
  public var name: String
  public var data: DataConfiguration
  public var teacher: TeacherConfiguration
  public var proposals = ProposalStageConfiguration()
  public var regions = RegionConfiguration()
  public var student = StudentStageConfiguration()
  public var distillation = DistillationConfiguration()
  public var detection = DetectionConfiguration()
  public var evaluation = EvaluationConfiguration()
  public var comparison = ComparisonConfiguration()

  /// The network that makes the offline proposals.
  package var proposalNetwork: StudentNetworkConfiguration { proposals.network ?? student.network }
}

/// The frozen model of pictures and words.
public struct TeacherConfiguration: Codable, Hashable, Sendable {
  public var family: TeacherFolder.Family
  public var folder: String
  /// The arithmetic of the image tower's products.
  public var precision = Precision.float32
  public var prompts = PromptConfiguration()
}

/// The sentences that category names are put into; their embeddings are averaged. At most one of
/// `set`, `templates` and `file`; without them the family's own: `conse` for ConSE, else `vild`.
public struct PromptConfiguration: Codable, Hashable, Sendable {
  /// One of `PromptTemplates.named`.
  public var set: String?
  /// Sentences with `{}` for the category's name, and `{article}` where one is wanted.
  public var templates: [String]?
  /// The same, one a line of a file.
  public var file: String?
  /// Which article takes the place of `{article}`; by default the set's own, or `release`.
  public var article: Article?
  /// What is done to names; by default the set's own, or nothing.
  public var cleanUp: PromptTemplates.NameCleanUp?
  /// Whether prompts that begin with "a" or "the" get "This is " before them; by default the set's
  /// own, or no.
  public var thisIs: Bool?
  /// Whether a category's embedding is averaged over its synonyms as well.
  public var synonyms = true

  /// The family's own sentences.
  public init() {}
}

/// Where the offline proposals come from.
public struct ProposalStageConfiguration: Codable, Hashable, Sendable {
  /// The user's own proposals (COCO-results JSON or our JSON lines) instead of a trained network.
  public var file: String?
  /// The same of the validation images, whose recall `evaluate` then prints; goes with `file`.
  public var valFile: String?
  /// What the user's proposals were trained on; needed with `file` when it does not say so itself.
  public var labelSet: [String]?
  /// Overlap above which the worse of two offline proposals is dropped.
  public var nmsThreshold: Double = 0.9
  /// Offline proposals an image at most.
  public var top = 300
  /// The longer side of the images that are searched, in pixels.
  public var longSide = 512
  /// Nil for the student's own.
  public var network: StudentNetworkConfiguration?
  public var training = TrainingConfiguration()
}

/// The detector and the weights its backbone starts from.
public struct StudentNetworkConfiguration: Codable, Hashable, Sendable {
  /// A safetensors or PyTorch file of the backbone's family, or of a whole detector of torchvision or
  /// detectron2 on such a backbone, of which pyramid and proposal network are taken too where they fit;
  /// without it the backbone starts from scratch.
  public var backboneWeights: String?
  public var detector = StudentConfiguration()

  /// The same without what a proposal network does not have.
  package var firstStage: StudentNetworkConfiguration {
    var copy = self
    copy.detector.regions = RegionHeadConfiguration()
    copy.detector.masks = MaskHeadConfiguration()
    return copy
  }
}

/// How regions are cut out for the teacher, and how their crops are combined.
public struct RegionConfiguration: Codable, Hashable, Sendable {
  public enum Combination: String, Codable, Hashable, Sendable, CaseIterable {
    /// Each crop's embedding is normalised, the sum is normalised again (the paper's reading).
    case unitSum = "unit_sum"
    /// The raw embeddings are summed, then normalised.
    case rawSum = "raw_sum"
  }

  public var factors: [Double] = [1, 1.5]
  public var border = CropRule.Border.clip
  /// How crops that are not square become the tower's input.
  public var fit = Preprocessing.Fit.squash
  public var combination = Combination.unitSum
  /// Images in a shard, the unit of work and of loss at a kill.
  public var imagesPerShard = 128
  /// The share of the images that may fail, rounded up to whole images; a cache with more failures
  /// is not complete.
  public var failuresAllowed = 0.01
}

/// The student: what is trained, and how.
public struct StudentStageConfiguration: Codable, Hashable, Sendable {
  /// What training starts from.
  public enum InitialWeights: String, Codable, Hashable, Sendable, CaseIterable {
    /// The backbone's file; without one everything is new.
    case backbone
    /// The network that made the offline proposals: backbone, pyramid and proposal head. It has seen
    /// the boxes of base categories only.
    case proposalNetwork = "proposal_network"
  }

  /// Which categories' annotations training sees.
  public enum Labels: String, Codable, Hashable, Sendable, CaseIterable {
    case base
    /// Novel ones as well: the paper's upper reference, "supervised (base + novel)". For method
    /// `supervised` alone.
    case all
  }

  /// The embedding that stands for background when a ViLD student's training begins.
  public enum InitialBackground: String, Codable, Hashable, Sendable, CaseIterable {
    /// A small random one (paper).
    case random
    /// The mean of the teacher's embeddings of all distilled regions. Text losses stop pushing as soon
    /// as background is ahead of the base names; names that training does not know may still be
    /// nearer to it than a random start ever comes. For method `vild` alone.
    case regionMean = "region_mean"
  }

  public var method = Method.vild
  public var labels = Labels.base
  public var initialWeights = InitialWeights.backbone
  public var initialBackground = InitialBackground.random
  public var network = StudentNetworkConfiguration()
}

/// The distillation and its schedule.
public struct DistillationConfiguration: Codable, Hashable, Sendable {
  /// w of the paper: the weight of the L1 loss, summed over the embedding and averaged over regions.
  public var weight: Float = 0.5
  /// Offline proposals an image and step at most (paper: all 300).
  public var regionsPerImage = 300
  public var training = TrainingConfiguration()
}

/// How detections are chosen.
public struct DetectionConfiguration: Codable, Hashable, Sendable {
  /// Who says what a region is (the rows of the paper's tables).
  public enum Classifier: String, Codable, Hashable, Sendable, CaseIterable {
    /// The student, by its method.
    case student
    /// The teacher, on crops of the offline proposals; no student is trained.
    case teacherCrops = "teacher_crops"
    /// The same, as the geometric mean with the proposals' objectness.
    case teacherCropsObjectness = "teacher_crops_objectness"
    /// A ViLD-text student together with the teacher on crops of its boxes.
    case textAndTeacherCrops = "text_and_teacher_crops"
  }

  public var classifier = Classifier.student
  /// The longer side of an image as the detector sees it, in pixels.
  public var longSide = 512
  /// Proposals that go through the second stage.
  public var proposals = 1000
  /// Probabilities below this are dropped.
  public var scoreThreshold: Float = 0.0
  /// Overlap above which the worse of two boxes of one category is dropped.
  public var nmsThreshold = 0.5
  /// Detections an image at most, over all categories.
  public var limit = 300
  /// Of the student's products; nil for float32.
  public var precision: Precision?
  /// Only detections from this score on are drawn on pictures; nil for each name's score with the
  /// best F1 on the validation images where the student was evaluated, else
  /// `DrawThresholds.fallback`.
  public var drawThreshold: Float?
  public var store = StoreConfiguration()

  /// How the detections of an image are chosen among its scored regions.
  package var postProcessing: PostProcessing {
    PostProcessing(scoreThreshold: scoreThreshold, nmsThreshold: nmsThreshold, limit: limit)
  }
}

/// What is kept of a corpus's images, so that other names need no detector.
public struct StoreConfiguration: Codable, Hashable, Sendable {
  /// Of an image, at most, those with the highest objectness; detections are chosen among them. 0 keeps
  /// none: then each list of names is a run of the detector.
  public var regions = 100
  /// Of the regions' embeddings.
  public var precision = EmbeddingPrecision.float16
}

/// How detections are judged.
public struct EvaluationConfiguration: Codable, Hashable, Sendable {
  /// Whose rules.
  public enum Rules: String, Codable, Hashable, Sendable, CaseIterable {
    /// Those of the annotations' form: LVIS's for LVIS's, Pascal VOC's for its XML files, else COCO's.
    case fromAnnotations = "from_annotations"
    case coco, lvis, voc, voc2007
  }

  public var `protocol` = Rules.fromAnnotations

  /// Nil for that of the annotations' form.
  package var chosen: EvaluationProtocol? { EvaluationProtocol(rawValue: `protocol`.rawValue) }
}
