import Foundation
import Ranks
import Support
import TestSupport
import Testing

@Suite struct RanksTests {
  private struct Refused: Error, Equatable {}

  @Test func oneProcessAsksNobody() throws {
    let ranks = Ranks.alone
    #expect(ranks.isAlone && ranks.isLeader && ranks.place == .init(0, of: 1))
    #expect(try ranks.share(.success("a"), patience: 1) == ["a"])
    #expect(try ranks.leaderDecides { 3 } == 3)
    #expect(try ranks.leaderFirst { 4 } == 4)
    #expect(throws: Refused()) {
      try ranks.share(Result<Int, any Error>.failure(Refused()), patience: 1)
    }
    #expect(ranks.end(Refused()) is Refused && ranks.told(Refused()) is Refused)
  }

  /// Messages of different lengths, in the ranks' order on each.
  @Test(arguments: [2, 3, 5]) func eachHearsAll(count: Int) throws {
    let words = (0..<count).map { String(repeating: "ab", count: 1 + 100 * $0) }
    let heard = RankGroup.run(count) { ranks in
      try (0..<3).map { _ in try ranks.share(.success(words[ranks.rank]), patience: 10) }
    }
    for result in heard { #expect(try result.get() == [words, words, words]) }
  }

  @Test func theLeaderDecidesAndGoesFirst() throws {
    let order = Order()
    let results = RankGroup.run(3) { ranks in
      let value = try ranks.leaderDecides { Optional("rank \(ranks.rank)") }
      let none: String? = try ranks.leaderDecides { nil }
      #expect(none == nil)
      try ranks.leaderFirst { order.add(ranks.rank) }
      return value
    }
    for result in results { #expect(try result.get() == "rank 0") }
    #expect(order.all.count == 3 && order.all[0] == 0)
  }

  /// The leader says what it was and whose; the others end with the same code and say nothing.
  @Test(arguments: [0, 2]) func anErrorIsEverybodys(failing: Int) throws {
    let error = InputError(.badData, "cut off", at: "a.jpg")
    let results = RankGroup.run(3) { ranks in
      try ranks.share(ranks.rank == failing ? .failure(error) : .success(1), patience: 10)
    }
    let thrown = try #require(results[0].error as? InputError)
    if failing == 0 {
      #expect(thrown == error)
    } else {
      #expect(thrown.kind == .badData)
      #expect("\(thrown)".hasPrefix("rank 2 on ") && "\(thrown)".hasSuffix("a.jpg: cut off"))
    }
    for rank in [1, 2] { #expect(results[rank].error as? Ranks.End == Ranks.End(code: 65)) }
  }

  /// Also one that was met where the others were not asked.
  @Test(arguments: [0, 1]) func anErrorBetweenMeetingsIsTold(failing: Int) throws {
    let results = RankGroup.run(2) { ranks -> Int in
      do {
        if ranks.rank == failing { throw InputError(.tryAgain, "the disk is full") }
        return try ranks.share(.success(1), patience: 10)[0]
      } catch {
        throw ranks.told(error)
      }
    }
    #expect("\(try #require(results[0].error))".hasSuffix("the disk is full"))
    #expect(results[1].error as? Ranks.End == Ranks.End(code: 75))
  }

  /// Who has nothing left to do hears of it, too.
  @Test func nobodyLeavesBeforeAllHaveCome() throws {
    let results = RankGroup.run(2) { ranks in
      do {
        if ranks.isLeader { throw InputError(.tryAgain, "the disk is full") }
        try ranks.part()
      } catch {
        throw ranks.told(error)
      }
    }
    #expect("\(try #require(results[0].error))".hasSuffix("the disk is full"))
    #expect(results[1].error as? Ranks.End == Ranks.End(code: 75))
    let all = RankGroup.run(3) { ranks in
      try ranks.part()
      return ranks.isAlone
    }
    for result in all { #expect(try result.get()) }
  }

  @Test func aSignalIsNoError() {
    let results = RankGroup.run(2) { ranks in
      try ranks.share(ranks.rank == 1 ? .failure(Stopped(signal: 15)) : .success(1), patience: 10)
    }
    #expect(results[0].error as? Stopped == Stopped(signal: 15))
    #expect(results[1].error as? Ranks.End == Ranks.End(code: 143))
  }

  @Test func whoHangsIsNotWaitedForForEver() throws {
    let results = RankGroup.run(3, isHung: { rank, call in rank == 1 && call > 2 }) { ranks in
      _ = try ranks.share(.success(1), patience: 10)
      return try ranks.share(.success(2), patience: 1)
    }
    for result in results {
      let error = try #require(result.error as? InputError)
      #expect(error.kind == .tryAgain && "\(error)".contains("within 1 s: one of them hangs"))
      #expect("\(error)".contains("VILD_STEP_TIMEOUT"))
    }
  }

  @Test func aStepsPatienceFollowsItsPace() throws {
    var pace = try StepPace()
    #expect(pace.patience == 1800)
    for seconds in [9.0, 1, 8, 7, 100] { pace.add(seconds: seconds) }
    #expect(pace.patience == 160)
    pace.pause = .checkpoint
    #expect(pace.patience == 1800)
    pace.pause = .evaluation
    #expect(pace.patience == nil)
    for _ in 0..<100 { pace.add(seconds: 0.1) }
    #expect(pace.patience == 60)
  }

  private final class Order: @unchecked Sendable {
    private let lock = NSLock()
    private var ranks: [Int] = []

    func add(_ rank: Int) { lock.withLock { ranks.append(rank) } }
    var all: [Int] { lock.withLock { ranks } }
  }
}

extension Result {
  fileprivate var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
