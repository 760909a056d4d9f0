import Foundation
public import Support

/// What a pipeline would still do and take. `schemas/pipeline-plan.schema.json` describes its JSON.
public struct PipelinePlan: Codable, Hashable, Sendable {
  let stages: [StagePlan]
  /// One stage after the other.
  let seconds: TimeRange
  let cpuSeconds: Double
  /// Of the stage that takes most.
  let peakBytes: Int
  /// Of this machine, in bytes.
  let memoryBytes: Int
  let diskBytes: Int
  /// Where the outputs go.
  let diskBytesFree: Int

  /// - Parameter folder: of the outputs, there or not.
  init(_ stages: [StagePlan], folder: String) throws(InputError) {
    self.stages = stages
    seconds = stages.compactMap(\.seconds).reduce(.none, +)
    cpuSeconds = stages.compactMap(\.cpuSeconds).reduce(0, +)
    peakBytes = stages.compactMap(\.peakBytes).max() ?? 0
    memoryBytes = Int(ProcessInfo.processInfo.physicalMemory)
    diskBytes = stages.map(\.diskBytes).reduce(0, +)
    diskBytesFree = try Files.freeBytes(at: folder)
  }

  /// What one process may take here and now, in bytes.
  private var memoryThere: Int {
    let more = AvailableMemory.now.map { $0.bytes + ProcessUsage.residentBytes }
    return min(memoryBytes, more ?? memoryBytes)
  }

  /// The refusal of a disk or a machine that is too small (`tryAgain`, exit code 75).
  public var refusal: InputError? {
    func refuse(_ what: String, _ needed: Int, _ there: Int, _ hint: String) -> InputError? {
      needed <= there
        ? nil
        : InputError(
          .tryAgain, what, expected: ByteSize.text(needed), got: ByteSize.text(there),
          hint: hint)
    }
    return refuse(
      "the disk is too small for the pipeline", diskBytes, diskBytesFree, "free some space")
      ?? refuse(
        "the memory is too small for the pipeline", peakBytes, memoryThere,
        "fewer images_per_forward and smaller images take less")
  }

  /// For people.
  public var lines: [String] {
    let head = ["stage", "state", "images", "steps", "time", "CPU", "memory", "disk"]
    let total = [
      "all", "", "", "", seconds.text, TimeRange.text(cpuSeconds), ByteSize.text(peakBytes),
      ByteSize.text(diskBytes),
    ]
    let left = stages.filter { $0.state != .finished }
    var lines = Self.aligned([head] + stages.map(\.row) + (left.isEmpty ? [] : [total]))
    if left.isEmpty { return lines + ["", "nothing is left to do"] }
    lines += [
      "",
      "time in brackets: by the fastest and the slowest part of the sample; memory: of the largest "
        + "stage, of \(ByteSize.text(memoryBytes)); disk: of "
        + "\(ByteSize.text(diskBytesFree)) free",
    ]
    for stage in left {
      if let sample = stage.sample { lines.append("\(stage.stage.rawValue): \(sample)") }
    }
    return lines
  }

  /// Rows as lines with columns.
  static func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }
  }
}
