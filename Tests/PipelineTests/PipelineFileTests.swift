import Datasets
import Distillation
import Foundation
import Pipeline
import Student
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// The shortest valid pipeline.
let shortestPipeline = """
  name: short
  data:
    train: {images: train, annotations: train.json}
    val: {images: val, annotations: val.json}
    split: split.json
  teacher:
    family: conse
    folder: teacher

  """

/// The repository's folder `name`.
func repositoryFolder(_ name: String) -> String { fixture("../../\(name)") }

/// Every pipeline of the repository.
let shippedPipelines: [String] = {
  let folder = repositoryFolder("pipelines")
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
}()

struct PipelineFileTests {
  @Test func keysThatAreLeftOutHaveTheirDefaults() throws {
    let pipeline = try PipelineFile.parse(shortestPipeline, path: "p.yaml")
    #expect(pipeline.name == "short")
    #expect(pipeline.data.val.annotations == "val.json")
    #expect(pipeline.data.split == "split.json")
    #expect(pipeline.teacher.family == .conse)
    #expect(pipeline.teacher.precision == .float32)
    #expect(pipeline.teacher.prompts == PromptConfiguration())
    #expect(pipeline.proposals.file == nil)
    #expect(pipeline.proposals.network == nil)
    #expect(pipeline.proposals.training == TrainingConfiguration())
    #expect(pipeline.regions.factors == [1, 1.5])
    #expect(pipeline.student.network.backboneWeights == nil)
    #expect(pipeline.student.network.detector == StudentConfiguration())
    #expect(pipeline.distillation.weight == 0.5)
    #expect(pipeline.detection.limit == 300)
  }

  @Test func keysThatAreWrittenReplaceTheirDefaults() throws {
    let pipeline = try PipelineFile.parse(
      shortestPipeline + """
        proposals: {file: boxes.json, val_file: val.json, label_set: ["no", zebra], nms_threshold: 1}
        student:
          method: vild_text
          network:
            backbone_weights: 'lite0.safetensors'
            detector:
              proposals:
                aspect_ratios: [1, .5, 2., 1e-2]
              regions:
                fully_connected: []
        distillation:
          training:
            schedule: "step"
            seed: 18446744073709551615
            weight_decay: +1E-5
            long_sides:
            - 448
            - 512
        """, path: "p.yaml")
    #expect(pipeline.proposals.file == "boxes.json")
    #expect(pipeline.proposals.valFile == "val.json")
    #expect(pipeline.proposals.labelSet == ["no", "zebra"])
    #expect(pipeline.proposals.nmsThreshold == 1)
    #expect(pipeline.student.method == .vildText)
    #expect(pipeline.student.network.backboneWeights == "lite0.safetensors")
    #expect(pipeline.student.network.detector.proposals.aspectRatios == [1, 0.5, 2, 0.01])
    #expect(pipeline.student.network.detector.regions.fullyConnected == [])
    #expect(pipeline.distillation.training.schedule == .step)
    #expect(pipeline.distillation.training.seed == .max)
    #expect(pipeline.distillation.training.weightDecay == 1e-5)
    #expect(pipeline.distillation.training.longSides == [448, 512])
    #expect(pipeline.proposals.training == TrainingConfiguration())
  }

  @Test func wordsOfCategories() throws {
    let pipeline = try PipelineFile.parse(
      shortestPipeline.replacing(
        "split: split.json",
        with: "split: split.json\n  words: {tvmonitor: tv monitor | television, \"12\": twelve}"),
      path: "p.yaml")
    #expect(pipeline.data.words == ["tvmonitor": "tv monitor | television", "12": "twelve"])
    let split = try CategorySplit(
      base: ["tvmonitor", "cat"], novel: ["television"], of: ["cat", "television", "tvmonitor"],
      source: "p.yaml")
    #expect(pipeline.data.spellings(ofBaseIn: split) == ["tvmonitor", "tv monitor", "cat"])
  }

  @Test func aByteOrderMarkWindowsLineEndsAndADocumentMarkAreFine() throws {
    let plain = try PipelineFile.parse(shortestPipeline, path: "p.yaml")
    let windows = shortestPipeline.replacing("\n", with: "\r\n")
    #expect(try PipelineFile.parse(windows, path: "p.yaml") == plain)
    #expect(try PipelineFile.parse("\u{FEFF}" + shortestPipeline, path: "p.yaml") == plain)
    #expect(try PipelineFile.parse("%YAML 1.2\n---\n\(shortestPipeline)...\n", path: "") == plain)
  }

  @Test(arguments: shippedPipelines)
  func aShippedPipelineLoads(path: String) throws {
    let pipeline = try PipelineFile.load(path: path)
    #expect("\(pipeline.name).yaml" == (path as NSString).lastPathComponent)
    #expect(
      try PipelineFile.parse(PipelineFile.resolved(pipeline), path: "resolved") == pipeline)
  }

  @Test func theDefaultPipelineIsShipped() throws {
    let path = try #require(shippedPipelines.first { $0.hasSuffix("/coco-mini.yaml") })
    let pipeline = try PipelineFile.load(path: path)
    let (proposals, student) = (try #require(pipeline.proposals.network), pipeline.student.network)
    #expect(proposals.backboneWeights == student.backboneWeights)
    #expect(proposals.detector.backbone == student.detector.backbone)
    #expect(proposals.detector.pyramid == student.detector.pyramid)
    #expect(proposals.detector.proposals == student.detector.proposals)
    #expect(pipeline.student.network.detector.pyramid.levels == [3, 4, 5, 6])
    #expect(pipeline.student.network.detector.regions.fullyConnected == [1024])
  }

  @Test func theResolvedFileIsCompleteAndReadable() throws {
    let pipeline = try PipelineFile.parse(shortestPipeline, path: "p.yaml")
    let text = PipelineFile.resolved(pipeline)
    let expected = try String(contentsOfFile: fixture("Goldens/resolved.yaml"), encoding: .utf8)
    #expect(text == expected)
    #expect(try PipelineFile.parse(text, path: "resolved") == pipeline)
  }

  @Test func theResolvedFileLoadsAgainForValuesThatAreHardToWrite() throws {
    var pipeline = try PipelineFile.parse(shortestPipeline, path: "p.yaml")
    let texts = [
      "no", "~", "null", "12", "1e3", "0x1F", "1:30", "2024-01-01", "true", "<<", "=", "- a",
      "# a", "a: b", "a #b", " a ", "'", "\"", "\\", "*a", "&a", "!a", "[a]", "{a}", "@", "`",
      "é", "日本", "🦓", "a\u{2028}b", "a\u{85}b", "?", "|", ">", "%", ",", "---",
    ]
    for text in texts {
      let words = text.filter { $0 != "|" }
      pipeline.data.words = [text: words.allSatisfy(\.isWhitespace) ? "a|b c" : words]
      pipeline.proposals.file = text
      pipeline.proposals.labelSet = [text, text]
      pipeline.teacher.prompts.templates = [text.filter { !"{}".contains($0) } + "{}"]
      let resolved = PipelineFile.resolved(pipeline)
      #expect(try PipelineFile.parse(resolved, path: "resolved") == pipeline, "\(resolved)")
    }
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<50 {
      pipeline.regions.factors = [1e-300, .random(in: 0.001...100, using: &generator)]
      pipeline.distillation.weight = .random(in: 0...1000, using: &generator)
      pipeline.distillation.training.learningRate = .leastNonzeroMagnitude
      pipeline.distillation.training.weightDecay = .random(in: 0...1e-4, using: &generator)
      pipeline.distillation.training.seed = generator.next()
      let resolved = PipelineFile.resolved(pipeline)
      #expect(try PipelineFile.parse(resolved, path: "resolved") == pipeline)
    }
  }
}
