import Foundation

/// Every key of the pipeline file, with the stages that another value of it makes anew.
enum StageHashTable {
  /// The stages by letter.
  static let stages: KeyValuePairs<Character, String> = [
    "n": "proposal-network", "p": "propose", "e": "embed", "t": "text", "d": "distill",
    "l": "detect", "v": "evaluate", "r": "report", "c": "compare",
  ]

  /// A key, another value, and the letters of the stages that depend on it; then other keys' values
  /// with which it does, where that is not the world's pipeline. "-" leaves a key out.
  private static let table =
    """
    name | other | c
    data.train.images | train2 | npedlvrc
    data.train.annotations | train2.json | npedlvrc
    data.train.images_list | list.txt | npedlvrc
    data.train.limit | 4 | npedlvrc
    data.train.limit_seed | 1 | npedlvrc | data.train.limit: 4
    data.val.annotations | val2.json | pvrc
    data.val.images_list | list2.txt | pvrc
    data.val.limit | 2 | pvrc
    data.val.limit_seed | 1 | pvrc | data.val.limit: 2
    data.split | split2.json | npetdlvrc
    data.novel | [blue block] | npetdlvrc | data.split: -; data.novel: [yellow block]
    data.words | {red block: red thing} | tdlvrc
    data.orientation | upright | npedlvrc
    data.pixel_limit | 50000000 | npedlvrc
    teacher.folder | teacher2 | etdlvrc
    teacher.prompts.set | vild | tdlvrc
    teacher.prompts.templates | ["a {}"] | tdlvrc
    teacher.prompts.file | prompts.txt | tdlvrc
    teacher.prompts.article | english | tdlvrc
    teacher.prompts.clean_up | release | tdlvrc
    teacher.prompts.this_is | true | tdlvrc
    teacher.prompts.synonyms | false | tdlvrc | data.words: {red block: red thing|photo}
    proposals.file | boxes.json | npedlvrc
    proposals.val_file | boxes.json | prc | proposals.file: boxes.json
    proposals.label_set | [red block] | pedlvrc | proposals.file: boxes.json
    proposals.nms_threshold | 0.8 | pedlvrc
    proposals.top | 5 | pedlvrc
    proposals.long_side | 128 | pedlvrc
    proposals.network.backbone_weights | weights.bin | npedlvrc
    regions.factors | [1, 2] | edlvrc
    regions.border | pad_black | edlvrc
    regions.fit | centre_crop | edlvrc
    regions.combination | raw_sum | edlvrc
    regions.images_per_shard | 3 |
    regions.failures_allowed | 0.5 |
    student.method | vild_ensemble | dlvrc
    student.labels | all | dlvrc | student.method: supervised
    student.initial_weights | proposal_network | dlvrc
    student.initial_background | region_mean | dlvrc
    student.network.backbone_weights | weights.bin | dlvrc
    distillation.weight | 1 | dlvrc
    distillation.regions_per_image | 3 | dlvrc
    detection.classifier | teacher_crops | dlvrc
    detection.long_side | 128 | lvrc
    detection.proposals | 10 | lvrc
    detection.score_threshold | 0.1 | lvrc
    detection.nms_threshold | 0.6 | lvrc
    detection.limit | 5 | lvrc
    detection.precision | bfloat16 | lvrc
    detection.draw_threshold | 0.5 | rc
    detection.store.regions | 3 | lc
    detection.store.precision | int8 | lc
    evaluation.protocol | voc | rc
    comparison.methods | [vild] | c
    comparison.seeds | [2] | c
    comparison.repeat_threshold | 0.1 | c

    teacher.prompts.set | vild | tc | student.method: supervised
    teacher.prompts.set | vild | tlvrc | student.method: vild_image
    distillation.weight | 1 | c | student.method: vild_text
    distillation.regions_per_image | 3 | c | student.method: vild_text
    regions.factors | [1, 2] | ec | student.method: vild_text
    proposals.top | 5 | perc | student.method: vild_text
    student.initial_background | region_mean | c | student.method: vild_ensemble
    regions.factors | [1, 2] | elvrc | student.method: vild_text; detection.classifier: text_and_teacher_crops
    teacher.prompts.set | vild | tdlvrc | student.method: vild_text; detection.classifier: text_and_teacher_crops
    regions.border | pad_black | elvrc | detection.classifier: teacher_crops
    teacher.prompts.set | vild | tlvrc | detection.classifier: teacher_crops
    proposals.top | 5 | pelvrc | detection.classifier: teacher_crops
    detection.precision | bfloat16 | c | detection.classifier: teacher_crops
    detection.classifier | teacher_crops_objectness | lvrc | detection.classifier: teacher_crops
    student.network.detector.regions.temperature | 0.02 | lvrc | detection.classifier: teacher_crops
    student.network.detector.regions.pool_size | 5 | c | detection.classifier: teacher_crops
    """

  /// Below `training`: "*" stands for the stages that depend on its result.
  private static let training =
    """
    epochs | 3 | *
    images_per_step | 4 | *
    images_per_forward | 2 | *
    optimizer | adamw | *
    learning_rate | 0.02 | *
    warmup_steps | 2 | *
    schedule | step | *
    momentum | 0.8 | *
    backbone_rate | 0.5 | *
    weight_decay | 0.001 | *
    gradient_clip | 5 | *
    average_decay | 0.9 | *
    jitter | range | *
    long_sides | [128] | *
    long_sides | [128] | c | jitter: range
    output_side | 128 | * | jitter: range
    output_side | 128 | c
    smallest_scale | 0.2 | * | jitter: range
    smallest_scale | 0.2 | c
    largest_scale | 1.5 | * | jitter: range
    largest_scale | 1.5 | c
    flip_probability | 0 | *
    checkpoint_steps | 7 |
    evaluate_every_steps | 2 |
    seed | 2 | *
    """

  /// Below `detector`.
  private static let detector =
    """
    backbone.family | efficientnet-lite1 | *
    backbone.width | 32 | * | backbone.family: resnet18
    backbone.strides_first | true | * | backbone.family: resnet50
    backbone.norm | batch | *
    backbone.frozen_stages | 1 | *
    normalization.kind | batch | *
    normalization.momentum | 0.9 | *
    normalization.epsilon | 0.001 | *
    pyramid.channels | 8 | *
    pyramid.finest_level | 4 | *
    pyramid.coarsest_level | 5 | *
    pyramid.coarse | convolved | *
    proposals.convolutions | 2 | *
    proposals.anchor_scale | 8 | *
    proposals.aspect_ratios | [1] | *
    proposals.foreground_overlap | 0.6 | *
    proposals.background_overlap | 0.2 | *
    proposals.sampled_anchors | 16 | *
    proposals.foreground_share | 0.4 | *
    proposals.box_loss_weight | 2 | *
    proposals.box_loss_delta | 1 | *
    proposals.training_candidates | 40 | *
    proposals.candidates | 40 | *
    proposals.training_kept | 10 | *
    proposals.nms_threshold | 0.6 | *
    proposals.smallest_side | 1 | *
    """

  /// The same, of which a proposal network has nothing.
  private static let heads =
    """
    regions.pool_size | 5 | *
    regions.sampling_ratio | 1 | *
    regions.canonical_size | 16 | *
    regions.convolutions | 1 | *
    regions.fully_connected | [16] | *
    regions.sampled_regions | 8 | *
    regions.foreground_share | 0.5 | *
    regions.foreground_overlap | 0.6 | *
    regions.box_loss_weight | 2 | *
    regions.box_loss_delta | 2 | *
    regions.temperature | 0.02 | *
    masks.enabled | true | *
    masks.pool_size | 7 | *
    masks.convolutions | 1 | *
    masks.sampled_regions | 8 | *
    masks.loss_weight | 2 | *
    """

  /// A line of the tables.
  struct Row {
    fileprivate(set) var key: String
    let value: String
    fileprivate(set) var stages: String
    fileprivate(set) var given: [(key: String, value: String)] = []

    fileprivate init(_ line: Substring) {
      let fields = line.split(separator: " | ", maxSplits: 3, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " |")) }
      (key, value) = (fields[0], fields[1])
      stages = fields.count > 2 ? fields[2] : ""
      if fields.count > 3 {
        given = fields[3].components(separatedBy: "; ").map { choice in
          let words = choice.split(separator: ":", maxSplits: 1)
          return (String(words[0]), words[1].trimmingCharacters(in: .whitespaces))
        }
      }
    }

    /// The rows of a table; of one below `section`, where "*" stands for `stages`.
    fileprivate static func all(
      _ table: String, in section: String = "", _ stages: String = ""
    ) -> [Row] {
      table.split(separator: "\n").map { line in
        var row = Row(line)
        row.key = section + row.key
        row.given = row.given.map { (section + $0.key, $0.value) }
        if row.stages == "*" { row.stages = stages }
        return row
      }
    }
  }

  static let rows =
    Row.all(table)
    + Row.all(training, in: "proposals.training.", "npedlvrc")
    + Row.all(training, in: "distillation.training.", "dlvrc")
    + Row.all(
      """
      proposals.training.smallest_visible_share | 0.4 | c
      proposals.training.repeat_threshold | 0.5 | npedlvrc
      distillation.training.smallest_visible_share | 0.4 | dlvrc
      distillation.training.smallest_visible_share | 0.4 | c | student.method: vild_text
      distillation.training.repeat_threshold | 0.5 | dlvrc | student.method: vild_text
      """)
    + Row.all(detector, in: "proposals.network.detector.", "npedlvrc")
    + Row.all(heads, in: "proposals.network.detector.", "c")
    + Row.all(detector + "\n" + heads, in: "student.network.detector.", "dlvrc")

  /// Keys of which the world's teacher allows one value only: `regionsDependOn...` is their test. Where
  /// images lie is nobody's affair as long as each is looked at by itself, but for their recall.
  static let others: Set = ["teacher.family", "teacher.precision", "data.val.images"]
}
