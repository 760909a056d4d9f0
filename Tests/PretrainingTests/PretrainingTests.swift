import Foundation
import Images
import Networks
import Pretraining
import Regions
import Support
import Teacher
import Tensors
import TestSupport
import Testing
import Training

@Suite struct PretrainingTests {
  private static var tiny: PretrainingConfiguration {
    var tiny = PretrainingConfiguration()
    (tiny.imageSize, tiny.imageWidth) = (32, 8)
    (tiny.textWidth, tiny.textLayers, tiny.textHeads) = (32, 1, 2)
    (tiny.embeddingWidth, tiny.merges, tiny.context) = (32, 200, 40)
    (tiny.steps, tiny.cropsPerStep) = (600, 24)
    (tiny.warmupSteps, tiny.learningRate) = (10, 3e-3)
    return tiny
  }

  private let source = PaintedSource()

  @Test func learnsAndIsReadAsAnyTeacher() throws {
    try withTemporaryFolder { folder in
      let made = PretrainedTeacher(folder: folder, configuration: Self.tiny, source: source)
      #expect(try !made.isFinished())
      try made.make()
      #expect(try made.isFinished())
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(
        files == [
          "merges.txt", "open_clip_config.json", "open_clip_model.safetensors", "training",
          "vocab.json",
        ])

      let check = try TeacherCheck(try TeacherFolder(path: folder), precision: .float32)
      #expect(check.facts.contains { $0.value.contains("32x32 pixels") })
      let teacher = try CLIPTeacher.load(folder: folder)
      let accuracy = try ZeroShotAccuracy(of: teacher, on: source, cropsEach: 5, seed: 99)
      #expect(accuracy.count == 60 && accuracy.first >= 54, "\(accuracy)")
      #expect(accuracy.firstFive >= accuracy.first)

      // Regions of a picture, as embed cuts them out.
      let scene = try source.crop(of: 1, seed: 7, variety: 1)
      let box = Box(x0: 0, y0: 0, x1: Float(scene.width), y1: Float(scene.height))
      let region = RegionEmbedder(teacher: teacher).embed(scene, [Region(box: box, score: 1)])
      let names = try teacher.embed(names: source.categories.map(\.name))
      let row = Tensor([1, names.shape[1]], region.vectors)
      let cosines = innerProducts(Variable(row), Variable(names)).value.array
      #expect(cosines.indices.max { cosines[$0] < cosines[$1] } == 1)
    }
  }

  @Test func aResumedRunIsTheUninterruptedOne() throws { try Self.resume() }

  /// In processes of their own: the number of threads is a process's.
  @Test func withOneThread() async {
    await #expect(processExitsWith: .success) {
      setenv("VILD_THREADS", "1", 1)
      try PretrainingTests.resume()
    }
  }

  @Test func withThreeThreads() async {
    await #expect(processExitsWith: .success) {
      setenv("VILD_THREADS", "3", 1)
      try PretrainingTests.resume()
    }
  }

  /// Against a run that is cut off in the midst of a step and started again, on as many threads.
  static func resume() throws {
    try withTemporaryFolder { folder in
      let source = PaintedSource()
      var short = tiny
      (short.steps, short.checkpointSteps, short.cropsPerStep) = (7, 3, 16)
      func make(_ name: String, _ source: some CropSource) throws {
        try PretrainedTeacher(
          folder: "\(folder)/\(name)", configuration: short, source: source
        ).make()
      }
      try make("whole", source)
      // As many crops as five steps have, and some.
      #expect(throws: Broken.Failure.self) { try make("resumed", Broken(after: 5 * 16 + 3)) }
      #expect(!Files.exists("\(folder)/resumed/open_clip_model.safetensors"))
      try make("resumed", source)
      for file in ["open_clip_model.safetensors", "vocab.json", "training/checkpoint.safetensors"] {
        #expect(
          try Files.read("\(folder)/whole/\(file)") == Files.read("\(folder)/resumed/\(file)"),
          "\(file)")
      }
      let log = try Files.read("\(folder)/resumed/training/log.jsonl")
      let steps = String(decoding: log, as: UTF8.self).split(separator: "\n")
        .compactMap { $0.split(separator: ",").first.map(String.init) }
      #expect(steps == (0...7).map { "{\"step\":\($0)" })
    }
  }

  /// Crops that end in the midst of a step, as a kill does.
  private final class Broken: CropSource, @unchecked Sendable {
    struct Failure: Error {}
    private let painted = PaintedSource()
    private let lock = NSLock()
    private var left: Int

    init(after count: Int) { left = count }

    var categories: [CropCategory] { painted.categories }
    var fingerprint: String { painted.fingerprint }

    func crop(of category: Int, seed: UInt64, variety: Double) throws -> Image {
      try lock.withLock {
        left -= 1
        if left < 0 { throw Failure() }
      }
      return try painted.crop(of: category, seed: seed, variety: variety)
    }
  }

  /// Twenty steps, all of which are clipped: it is said, and what to do, once.
  @Test func clippedGradients() throws {
    try withTemporaryFolder { folder in
      var short = Self.tiny
      (short.steps, short.cropsPerStep, short.gradientClip) = (20, 16, 1e-3)
      var warnings = [String]()
      var teacher = PretrainedTeacher(folder: folder, configuration: short, source: source)
      teacher.warn = { warnings.append($0) }
      try teacher.make()
      #expect(warnings.count == 1)
      let warning = try #require(warnings.first)
      #expect(warning.hasPrefix("gradients clipped in 100% of the steps: their norm is "))
      #expect(warning.contains(", --gradient-clip 0.001, so that only their direction counts; "))
      #expect(warning.hasSuffix("; raise --gradient-clip, to at least twice the norm"))
      #expect(try TrainingLog.read(path: "\(folder)/training/log.jsonl").warnings == warnings)
    }
  }

  /// A rate that no weights survive: the second step is not made.
  @Test func aLossThatIsNotFinite() throws {
    try withTemporaryFolder { folder in
      var wild = Self.tiny
      (wild.steps, wild.cropsPerStep) = (5, 16)
      (wild.warmupSteps, wild.learningRate) = (0, 1e30)
      let error = #expect(throws: InputError.self) {
        try PretrainedTeacher(folder: folder, configuration: wild, source: source).make()
      }
      #expect(error?.what.hasSuffix(" is not finite") == true && error?.place == "step 1")
      #expect(error?.hint == "lower --learning-rate")
      #expect(!Files.exists("\(folder)/open_clip_model.safetensors"))
      let log = try Files.read("\(folder)/training/log.jsonl")
      #expect(log.count { $0 == UInt8(ascii: "\n") } == 1)
    }
  }

  /// A damaged line of the log is told, and left out.
  @Test func aDamagedLog() throws {
    try withTemporaryFolder { folder in
      var short = Self.tiny
      (short.steps, short.checkpointSteps, short.cropsPerStep) = (2, 1, 16)
      var teacher = PretrainedTeacher(folder: folder, configuration: short, source: source)
      try teacher.make()
      let path = "\(folder)/training/log.jsonl"
      var log = try Files.read(path)
      log[log.startIndex + 12] ^= 1
      try Files.write(log, to: path)
      var warnings = [String]()
      teacher.warn = { warnings.append($0) }
      try teacher.make()
      #expect(warnings.count == 1 && warnings[0].hasPrefix("\(path) line 1 does not have the"))
    }
  }

  @Test func anotherRecipeIsRefused() throws {
    try withTemporaryFolder { folder in
      var short = Self.tiny
      (short.steps, short.checkpointSteps) = (2, 1)
      try PretrainedTeacher(folder: folder, configuration: short, source: source).make()
      var wider = short
      wider.imageWidth = 16
      let other = PretrainedTeacher(folder: folder, configuration: wider, source: source)
      let finished = #expect(throws: InputError.self) { try other.isFinished() }
      #expect(finished?.what.contains("imageWidth") == true && finished?.got == "8")
      let unfinished = #expect(throws: InputError.self) { try other.make() }
      #expect(unfinished?.what.contains("imageWidth") == true && unfinished?.expected == "16")
      let crops = PretrainedTeacher(
        folder: folder, configuration: short, source: PaintedSource(fingerprint: "others"))
      #expect(throws: InputError.self) { try crops.isFinished() }
      // A bit of the last weight.
      let path = "\(folder)/open_clip_model.safetensors"
      var bytes = try Files.read(path)
      bytes[bytes.count - 1] ^= 1
      try Files.write(bytes, to: path)
      let damaged = #expect(throws: InputError.self) {
        try PretrainedTeacher(folder: folder, configuration: short, source: source).isFinished()
      }
      #expect(damaged?.what.hasSuffix("does not have the checksum it was written with") == true)
      #expect(damaged?.place == path)
      // Somebody else's teacher is not overwritten.
      try SafeTensorsFile.write([], to: path)
      #expect(throws: InputError.self) {
        try PretrainedTeacher(folder: folder, configuration: short, source: source).isFinished()
      }
    }
  }

  @Test func anOutputThatCannotBeWritten() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(), to: "\(folder)/file")
      let error = #expect(throws: InputError.self) {
        try PretrainedTeacher(
          folder: "\(folder)/file/teacher", configuration: Self.tiny, source: source
        ).make()
      }
      #expect(error?.kind == .cannotCreate)
    }
  }

  @Test func aNameTooLongForTheTextTower() throws {
    try withTemporaryFolder { folder in
      var narrow = Self.tiny
      (narrow.context, narrow.merges) = (4, 0)
      let error = #expect(throws: InputError.self) {
        try PretrainedTeacher(folder: folder, configuration: narrow, source: source).make()
      }
      #expect(error?.what.contains("red disc") == true && error?.expected == "at most 4 tokens")
    }
  }

  @Test func sizesThatDoNotGoTogether() throws {
    try PretrainingConfiguration().check()
    func what(_ change: (inout PretrainingConfiguration) -> Void) -> String? {
      var choice = PretrainingConfiguration()
      change(&choice)
      let error = #expect(throws: InputError.self) { try choice.check() }
      return error?.what
    }
    #expect(what { $0.textHeads = 5 } == "unusable text heads")
    #expect(what { $0.imageSize = 65 } == "unusable image size")
    #expect(what { $0.imageBlocks = [1, 1] } == "unusable image blocks")
    #expect(what { $0.steps = -1 } == "unusable steps")
    #expect(what { $0.learningRate = .nan } == "unusable learning rate")
    #expect(what { $0.gradientClip = -1 } == "unusable gradient clip")
    #expect(what { $0.textWidth = 0 } == "unusable text width")
  }
}
