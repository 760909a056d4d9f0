import Foundation
import Pipeline
import Student
import Support

/// Says what the stages of a pipeline would do and take, before anything runs.
public struct PlanStage {
  private let chain: Chain
  private var run: Run { chain.run }
  private var report: Console { chain.report }

  private static let name = "plan"

  public init(_ chain: Chain) { self.chain = chain }

  /// What one stage would do. Small parts of it are done to find out, in a folder that is removed.
  ///
  /// To be asked for once in a process: the memory is the process's.
  /// - Throws: `InputError` for inputs that the stage would refuse.
  public func plan(_ stage: PlannedStage) throws -> StagePlan {
    switch stage {
    case .propose: try chain.propose().plan()
    case .embed: StagePlan(try chain.embed().plan(proposals: chain.plannedProposals))
    case .distill: StagePlan(try DistillStage.plan(chain))
    case .evaluate: try chain.evaluate().plan { try chain.plannedDetector() }
    }
  }

  /// What all stages would do, each found out by a process of its own.
  ///
  /// - Parameters:
  ///   - stages: nil for those that the pipeline needs.
  ///   - arguments: the command line that makes a process print `plan(_:)` as JSON, but for the
  ///     stage's name, its last word.
  public func plan(
    of stages: [PlannedStage]? = nil, with arguments: [String]
  ) throws -> PipelinePlan {
    let stages = stages ?? self.stages
    let plans = try stages.enumerated().map { index, stage in
      report.say(Self.name, "looking at \(stage.rawValue), \(index + 1) of \(stages.count)")
      return try plan(stage, with: arguments)
    }
    return try PipelinePlan(plans, folder: run.folder)
  }

  /// The stages that the pipeline needs.
  private var stages: [PlannedStage] {
    switch run.configuration.detection.classifier {
    case .teacherCrops, .teacherCropsObjectness: [.propose, .evaluate]
    case .student, .textAndTeacherCrops:
      run.configuration.student.method.distils
        ? PlannedStage.allCases : [.propose, .distill, .evaluate]
    }
  }

  private func plan(_ stage: PlannedStage, with arguments: [String]) throws -> StagePlan {
    let lifeline = try Lifeline()
    let worker = try WorkerProcess(
      arguments + [stage.rawValue], lifeline: lifeline, threads: Parallel.workers,
      errors: .console(report))
    defer {
      withExtendedLifetime(lifeline) {
        worker.stop()
        worker.wait()
      }
    }
    while worker.isRunning {
      try StopSignal.check()
      usleep(50_000)
    }
    switch worker.wait() {
    case .finished: break
    case .stopped: throw Stopped(signal: StopSignal.current ?? SIGTERM)
    case .failed(let error): throw error
    case .died(let how):
      throw InputError(
        .tryAgain, "the process that tried a part of '\(stage.rawValue)' ended \(how)",
        hint: "with too little memory, try fewer images_per_forward or smaller images")
    }
    do {
      return try JSONDecoder().decode(StagePlan.self, from: worker.written())
    } catch {
      preconditionFailure("a plan of this very program is not read: \(error)")
    }
  }
}
