import ArgumentParser
import Pretraining
import Stages
import Support

struct Pretrain: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Train a teacher for the emoji benchmark from scratch.",
    discussion: """
      Trains a small CLIP contrastively on crops of emoji, which are drawn as they are needed, and \
      on their names, and writes a folder with the files of a published CLIP. Training's own files \
      (checkpoint, log, curves) lie in its folder 'training'; the same command continues from the \
      last checkpoint. At the end it names fresh crops among all names.

      Every default is the recipe of the benchmark's teacher.
      """)

  @Option(help: ArgumentHelp("The teacher's folder, created when missing.", valueName: "folder"))
  var output: String

  @Option(help: "Of weights, crops and texts.")
  var seed = PretrainingConfiguration().seed

  @Option(help: "Steps of training.")
  var steps = PretrainingConfiguration().steps

  @Option(help: "Crops that are told apart in one step.")
  var batch = PretrainingConfiguration().cropsPerStep

  @Option(help: "The rate after the warm-up; it falls to zero along half a cosine.")
  var learningRate = PretrainingConfiguration().learningRate

  @Option(help: "Steps over which the rate rises.")
  var warmup = PretrainingConfiguration().warmupSteps

  @Option(help: "AdamW's.")
  var weightDecay = PretrainingConfiguration().weightDecay

  @Option(help: "Gradients longer than this are shortened to it; 0 leaves them.")
  var gradientClip = PretrainingConfiguration().gradientClip

  @Option(help: ArgumentHelp("Side of the image tower's input.", valueName: "pixels"))
  var imageSize = PretrainingConfiguration().imageSize

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Blocks of the image tower's four stages.", valueName: "number"))
  var imageBlocks = PretrainingConfiguration().imageBlocks

  @Option(help: "Channels after the image tower's stem.")
  var imageWidth = PretrainingConfiguration().imageWidth

  @Option(help: "Channels of the text tower.")
  var textWidth = PretrainingConfiguration().textWidth

  @Option(help: "Blocks of the text tower.")
  var textLayers = PretrainingConfiguration().textLayers

  @Option(help: "Attention heads of the text tower.")
  var textHeads = PretrainingConfiguration().textHeads

  @Option(help: "The most tokens of a text.")
  var context = PretrainingConfiguration().context

  @Option(help: "Numbers of an embedding.")
  var embeddingWidth = PretrainingConfiguration().embeddingWidth

  @Option(help: "The most merges of the byte-pair vocabulary.")
  var merges = PretrainingConfiguration().merges

  @Option(help: "Steps between checkpoints.")
  var checkpointSteps = PretrainingConfiguration().checkpointSteps

  func run(on console: Console) throws {
    var recipe = PretrainingConfiguration()
    (recipe.seed, recipe.steps, recipe.cropsPerStep) = (seed, steps, batch)
    recipe.checkpointSteps = checkpointSteps
    (recipe.learningRate, recipe.warmupSteps) = (learningRate, warmup)
    (recipe.weightDecay, recipe.gradientClip) = (weightDecay, gradientClip)
    (recipe.imageSize, recipe.imageBlocks) = (imageSize, imageBlocks)
    recipe.imageWidth = imageWidth
    (recipe.textWidth, recipe.textLayers, recipe.textHeads) = (textWidth, textLayers, textHeads)
    (recipe.context, recipe.embeddingWidth) = (context, embeddingWidth)
    recipe.merges = merges
    try PretrainStage(folder: output, configuration: recipe, report: console).execute()
  }
}
