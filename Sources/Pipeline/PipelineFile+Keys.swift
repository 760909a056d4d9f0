import Distillation
import Images
import Regions
import Student
import Support
import Teacher

/// Every key of a pipeline file, with what it may hold. The defaults are the structs' own.
extension PipelineFile {
  static let pipeline = PipelineSection(
    PipelineConfiguration(name: "", data: data.start, teacher: teacher.start),
    [
      .required("name", \.name, .name),
      .required("data", \.data, .section(data)),
      .required("teacher", \.teacher, .section(teacher)),
      .key("proposals", \.proposals, .section(proposals)),
      .key("regions", \.regions, .section(regions)),
      .key("student", \.student, .section(student)),
      .key("distillation", \.distillation, .section(distillation)),
      .key("detection", \.detection, .section(detection)),
      .key("evaluation", \.evaluation, .section(evaluation)),
      .key("comparison", \.comparison, .section(comparison)),
    ])

  private static let data = PipelineSection(
    DataConfiguration(train: annotatedFolder.start, val: annotatedFolder.start),
    [
      .required("train", \.train, .section(annotatedFolder)),
      .required("val", \.val, .section(annotatedFolder)),
      .optional("split", \.split, .text),
      .optional("novel", \.novel, .list(of: .text, atLeast: 0)),
      .optional("words", \.words, .mapping(to: .words)),
      .key("orientation", \.orientation, .choice),
      // A decoded pixel takes three bytes.
      .key("pixel_limit", \.pixelLimit, .integer(1...4_294_836_225)),
    ]
  ) { data, place throws(InputError) in
    guard (data.split == nil) != (data.novel == nil) else {
      throw place("split").wrong(
        expected: "either split, which names a file, or novel, a list of names",
        got: data.split == nil ? "neither" : "both")
    }
  }

  private static let annotatedFolder = PipelineSection(
    AnnotatedFolder(images: "", annotations: ""),
    [
      .required("images", \.images, .text),
      .required("annotations", \.annotations, .text),
      .optional("images_list", \.imagesList, .text),
      .optional("limit", \.limit, .integer(1...100_000_000)),
      .optional("limit_seed", \.limitSeed, .integer(0...UInt64.max)),
    ]
  ) { folder, place throws(InputError) in
    if folder.limitSeed != nil && folder.limit == nil {
      throw place("limit_seed").wrong(
        expected: "nothing without limit", got: "a seed", hint: "it says which images a limit keeps"
      )
    }
  }

  private static let teacher = PipelineSection(
    TeacherConfiguration(family: .conse, folder: ""),
    [
      .required("family", \.family, .choice),
      .required("folder", \.folder, .text),
      .key("precision", \.precision, .choice),
      .key("prompts", \.prompts, .section(prompts)),
    ])

  private static let prompts = PipelineSection(
    PromptConfiguration(),
    [
      .optional("set", \.set, .oneOf(PromptTemplates.named.map(\.key))),
      .optional("templates", \.templates, .list(of: .template)),
      .optional("file", \.file, .text),
      .optional("article", \.article, .choice),
      .optional("clean_up", \.cleanUp, .choice),
      .optional("this_is", \.thisIs, .flag),
      .key("synonyms", \.synonyms, .flag),
    ]
  ) { prompts, place throws(InputError) in
    let given = [
      ("set", prompts.set != nil), ("templates", prompts.templates != nil),
      ("file", prompts.file != nil),
    ].filter(\.1).map(\.0)
    if given.count > 1 {
      throw place(given[1]).wrong(
        expected: "one of set, templates and file", got: given.joined(separator: " and "))
    }
  }

  private static let proposals = PipelineSection(
    ProposalStageConfiguration(),
    [
      .optional("file", \.file, .text),
      .optional("val_file", \.valFile, .text),
      .optional("label_set", \.labelSet, .list(of: .text, atLeast: 0)),
      .key("nms_threshold", \.nmsThreshold, .number(.within(0...1))),
      .key("top", \.top, .integer(1...10_000)),
      .key("long_side", \.longSide, longSide),
      .optional("network", \.network, .section(network)),
      .key("training", \.training, .section(training)),
    ]
  ) { proposals, place throws(InputError) in
    if proposals.file != nil { return }
    if proposals.labelSet != nil {
      throw place("label_set").wrong(
        expected: "nothing without proposals.file", got: "a list",
        hint: "it says what the proposals of that file were trained on")
    }
    if let file = proposals.valFile {
      throw place("val_file").wrong(
        expected: "nothing without proposals.file", got: "'\(file)'",
        hint: "the proposals of both parts come from the same network, yours or our own")
    }
  }

  private static let network = PipelineSection(
    StudentNetworkConfiguration(),
    [
      .optional("backbone_weights", \.backboneWeights, .text),
      .key("detector", \.detector, .section(detector)),
    ])

  static let detector = PipelineSection(
    StudentConfiguration(),
    [
      .key("backbone", \.backbone, .section(backbone)),
      .key("normalization", \.normalization, .section(normalization)),
      .key("pyramid", \.pyramid, .section(pyramid)),
      .key("proposals", \.proposals, .section(proposalNetwork)),
      .key("regions", \.regions, .section(regionHead)),
      .key("masks", \.masks, .section(maskHead)),
    ])

  private static let backbone = PipelineSection(
    BackboneConfiguration(),
    [
      .key("family", \.family, .choice),
      .optional("width", \.width, .integer(1...4096)),
      .optional("strides_first", \.stridesFirst, .flag),
      .key("norm", \.norm, .choice),
      // The stem and seven stages of an EfficientNet; a ResNet has four.
      .key("frozen_stages", \.frozenStages, .integer(0...8)),
    ]
  ) { backbone, place throws(InputError) in
    if let width = backbone.width, !backbone.family.hasWidth {
      throw place("width").wrong(
        expected: "nothing with \(backbone.family.rawValue)", got: "\(width)",
        hint: "only the ResNets can be narrower or wider than published")
    }
    if backbone.stridesFirst == true, !backbone.family.hasBottlenecks {
      throw place("strides_first").wrong(
        expected: "nothing with \(backbone.family.rawValue)", got: "true",
        hint:
          "only resnet50, resnet101 and resnet152 have 1x1 convolutions in front of their 3x3 ones")
    }
  }

  private static let normalization = PipelineSection(
    NormalizationConfiguration(),
    [
      .key("kind", \.kind, .choice),
      .key("momentum", \.momentum, .number(.within(0..<1))),
      .key("epsilon", \.epsilon, .number(.above(0, upTo: 1))),
    ])

  private static let pyramid = PipelineSection(
    PyramidConfiguration(),
    [
      .key("channels", \.channels, .integer(1...4096)),
      .key("finest_level", \.finestLevel, .integer(2...5)),
      // The backbone's coarsest map is level 5, and the pyramid is built down from it.
      .key("coarsest_level", \.coarsestLevel, .integer(5...7)),
      .key("coarse", \.coarse, .choice),
    ])

  private static let proposalNetwork = PipelineSection(
    ProposalConfiguration(),
    [
      .key("convolutions", \.convolutions, .integer(0...16)),
      .key("anchor_scale", \.anchorScale, .number(.above(0, upTo: 1000))),
      .key("aspect_ratios", \.aspectRatios, .list(of: .number(.above(0, upTo: 100)))),
      .key("foreground_overlap", \.foregroundOverlap, .number(.within(0...1))),
      .key("background_overlap", \.backgroundOverlap, .number(.within(0...1))),
      .key("sampled_anchors", \.sampledAnchors, .integer(1...100_000)),
      .key("foreground_share", \.foregroundShare, .number(.within(0...1))),
      .key("box_loss_weight", \.boxLossWeight, .number(.within(0...1000))),
      .key("box_loss_delta", \.boxLossDelta, .number(.above(0, upTo: 1000))),
      .key("training_candidates", \.trainingCandidates, .integer(1...100_000)),
      .key("candidates", \.candidates, .integer(1...100_000)),
      .key("training_kept", \.trainingKept, .integer(1...100_000)),
      .key("nms_threshold", \.nmsThreshold, .number(.within(0...1))),
      .key("smallest_side", \.smallestSide, .number(.within(0...10_000))),
    ]
  ) { proposals, place throws(InputError) in
    if proposals.backgroundOverlap > proposals.foregroundOverlap {
      throw place("background_overlap").wrong(
        expected: "at most foreground_overlap, \(proposals.foregroundOverlap)",
        got: "\(proposals.backgroundOverlap)")
    }
  }

  private static let regionHead = PipelineSection(
    RegionHeadConfiguration(),
    [
      .key("pool_size", \.poolSize, .integer(1...64)),
      .key("sampling_ratio", \.samplingRatio, .integer(1...16)),
      .key("canonical_size", \.canonicalSize, .number(.above(0, upTo: 10_000))),
      .key("convolutions", \.convolutions, .integer(0...16)),
      .key("fully_connected", \.fullyConnected, .list(of: .integer(1...65_536), atLeast: 0)),
      .key("sampled_regions", \.sampledRegions, .integer(1...100_000)),
      .key("foreground_share", \.foregroundShare, .number(.within(0...1))),
      .key("foreground_overlap", \.foregroundOverlap, .number(.within(0...1))),
      .key("box_loss_weight", \.boxLossWeight, .number(.within(0...1000))),
      .key("box_loss_delta", \.boxLossDelta, .number(.above(0, upTo: 1000))),
      .key("temperature", \.temperature, .number(.above(0, upTo: 100))),
    ])

  private static let maskHead = PipelineSection(
    MaskHeadConfiguration(),
    [
      .key("enabled", \.enabled, .flag),
      .key("pool_size", \.poolSize, .integer(1...64)),
      .key("convolutions", \.convolutions, .integer(0...16)),
      .key("sampled_regions", \.sampledRegions, .integer(1...100_000)),
      .key("loss_weight", \.lossWeight, .number(.within(0...1000))),
    ])

  private static let regions = PipelineSection(
    RegionConfiguration(),
    [
      .key("factors", \.factors, .list(of: .number(.above(0, upTo: 100)))),
      .key("border", \.border, .choice),
      .key("fit", \.fit, .choice),
      .key("combination", \.combination, .choice),
      .key("images_per_shard", \.imagesPerShard, .integer(1...100_000)),
      .key("failures_allowed", \.failuresAllowed, .number(.within(0...1))),
    ])

  private static let student = PipelineSection(
    StudentStageConfiguration(),
    [
      .key("method", \.method, .choice),
      .key("labels", \.labels, .choice),
      .key("initial_weights", \.initialWeights, .choice),
      .key("initial_background", \.initialBackground, .choice),
      .key("network", \.network, .section(network)),
    ])

  private static let distillation = PipelineSection(
    DistillationConfiguration(),
    [
      .key("weight", \.weight, .number(.within(0...1000))),
      .key("regions_per_image", \.regionsPerImage, .integer(1...10_000)),
      .key("training", \.training, .section(training)),
    ])

  private static let training = PipelineSection(
    TrainingConfiguration(),
    [
      .key("epochs", \.epochs, .integer(1...100_000)),
      .key("images_per_step", \.imagesPerStep, .integer(1...100_000)),
      .key("images_per_forward", \.imagesPerForward, .integer(1...100_000)),
      .key("optimizer", \.optimizer, .choice),
      .key("learning_rate", \.learningRate, .number(.above(0, upTo: 100))),
      .key("warmup_steps", \.warmupSteps, .integer(0...10_000_000)),
      .key("schedule", \.schedule, .choice),
      .key("momentum", \.momentum, .number(.within(0..<1))),
      .key("backbone_rate", \.backboneRate, .number(.within(0...1))),
      .key("weight_decay", \.weightDecay, .number(.within(0...1))),
      .key("gradient_clip", \.gradientClip, .number(.within(0...1_000_000))),
      .key("average_decay", \.averageDecay, .number(.within(0..<1))),
      .key("jitter", \.jitter, .choice),
      .key("long_sides", \.longSides, .list(of: longSide)),
      .key("output_side", \.outputSide, longSide),
      .key("smallest_scale", \.smallestScale, .number(.above(0, upTo: 10))),
      .key("largest_scale", \.largestScale, .number(.above(0, upTo: 10))),
      .key("smallest_visible_share", \.smallestVisibleShare, .number(.within(0...1))),
      .key("flip_probability", \.flipProbability, .number(.within(0...1))),
      .key("repeat_threshold", \.repeatThreshold, .number(.within(0...1))),
      .key("checkpoint_steps", \.checkpointSteps, .integer(1...10_000_000)),
      .key("evaluate_every_steps", \.evaluateEverySteps, .integer(0...10_000_000)),
      .key("seed", \.seed, .integer(0...UInt64.max)),
    ]
  ) { training, place throws(InputError) in
    if training.imagesPerStep % training.imagesPerForward != 0 {
      throw place("images_per_forward").wrong(
        expected: "a number that divides images_per_step, \(training.imagesPerStep)",
        got: "\(training.imagesPerForward)")
    }
    if training.smallestScale > training.largestScale {
      throw place("smallest_scale").wrong(
        expected: "at most largest_scale, \(training.largestScale)",
        got: "\(training.smallestScale)")
    }
  }

  private static let detection = PipelineSection(
    DetectionConfiguration(),
    [
      .key("classifier", \.classifier, .choice),
      .key("long_side", \.longSide, longSide),
      .key("proposals", \.proposals, .integer(1...100_000)),
      .key("score_threshold", \.scoreThreshold, .number(.within(0...1))),
      .key("nms_threshold", \.nmsThreshold, .number(.within(0...1))),
      .key("limit", \.limit, .integer(1...100_000)),
      .optional("precision", \.precision, .choice),
      .optional("draw_threshold", \.drawThreshold, .number(.within(0...1))),
      .key("store", \.store, .section(store)),
    ])

  private static let store = PipelineSection(
    StoreConfiguration(),
    [
      .key("regions", \.regions, .integer(0...100_000)),
      .key("precision", \.precision, .choice),
    ])

  private static let evaluation = PipelineSection(
    EvaluationConfiguration(), [.key("protocol", \.protocol, .choice)])

  private static let comparison = PipelineSection(
    ComparisonConfiguration(),
    [
      .key("methods", \.methods, .list(of: .choice)),
      .key("seeds", \.seeds, .list(of: .integer(0...UInt64.max))),
      .key("repeat_threshold", \.repeatThreshold, .number(.within(0...1))),
    ])

  /// The longer side of an image in pixels.
  private static let longSide = PipelineValue<Int>.integer(32...8192)
}
