import Detection
import Regions
import Reporting
import Support
import Testing

/// What is remembered while detections go by, against all of them sorted.
@Suite struct CorpusCensusTests {
  private typealias Found = (place: CorpusCensus.Place, category: Int, score: Float)

  /// 60 images of up to 40 detections, with scores of which many are equal.
  private static func rows() -> [DetectionFile.Row] {
    var generator = SeededGenerator(seed: 7)
    return (0..<60).map { image in
      if image % 9 == 4 {
        return .init(image: "\(image)", id: image, outcome: .failed(reason: "\(image): gone"))
      }
      let found = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        Detection(
          box: Box(x0: 0, y0: 0, x1: 9, y1: 9), category: Int.random(in: 0..<4, using: &generator),
          score: Float(Int.random(in: 0...200, using: &generator)) / 200)
      }
      return .init(image: "\(image)", id: image, outcome: .detected(found, width: 9, height: 9))
    }
  }

  private static let thresholds: [Float] = [0.3, 0.5, .infinity, 0, 0.5]

  private static func census() -> (CorpusCensus, [Found]) {
    var (census, all) = (CorpusCensus(thresholds: thresholds), [Found]())
    for (image, row) in rows().enumerated() {
      census.add(row)
      guard case .detected(let found, _, _) = row.outcome else { continue }
      for (index, detection) in found.enumerated() {
        all.append((.init(image: image, index: index), detection.category, detection.score))
      }
    }
    return (census, all)
  }

  @Test func countsAreThoseOfAll() throws {
    let (census, all) = Self.census()
    #expect(census.images == 53 && census.failures.count == 7)
    #expect(census.detections == all.count && all.count > 800)
    #expect(census.confident == all.count { $0.score >= Self.thresholds[$0.category] })
    for (category, threshold) in Self.thresholds.enumerated() {
      let own = all.filter { $0.category == category }.map(\.score)
      #expect(census.categories[category].detections == own.count)
      #expect(census.categories[category].confident == own.count { $0 >= threshold })
      let bins = (0..<CorpusCensus.bins).map { bin in
        own.count { min(49, Int(($0 * 200).rounded()) / 4) == bin }
      }
      #expect(census.categories[category].histogram == (own.isEmpty ? [] : bins))
    }
    // Of the last name there is nothing.
    let given = census.order.dropLast().map { census.categories[$0].confident }
    #expect(census.order.last == 4 && given == given.sorted(by: >) && given.last == 0)
  }

  @Test func scoresAreInTheirBins() {
    #expect(
      [0, 0.0199, 0.02, 0.3, 0.58, 0.98, 1, 1.5].map(CorpusCensus.bin)
        == [0, 0, 1, 15, 29, 49, 49, 49])
    for bin in 0..<50 { #expect(CorpusCensus.bin(of: Float("\(Double(bin) / 50)")!) == bin) }
  }

  @Test func cropsAreThoseOfAllSorted() throws {
    let (census, all) = Self.census()
    let plan = CropPlan(names: 4, bytes: 20_000_000)
    #expect([plan.best, plan.beside, plan.sample, plan.categories] == [12, 6, 12, 4])
    var wanted: [CorpusCensus.Place: CropKinds] = [:]
    for category in 0..<4 {
      let own = all.filter { $0.category == category }
      let threshold = Self.thresholds[category]
      let confident = own.filter { $0.score >= threshold }
      func choose(_ from: [Found], _ count: Int, _ kind: CropKinds, by key: (Found) -> Double) {
        let sorted = from.sorted { (key($0), $0.place) < (key($1), $1.place) }
        for found in sorted.prefix(count) { wanted[found.place, default: []].insert(kind) }
      }
      choose(own, 12, .best) { -Double($0.score) }
      choose(confident, 6, .borderline) { Double($0.score) }
      if threshold.isFinite {
        choose(own.filter { $0.score < threshold }, 6, .borderline) { -Double($0.score) }
      }
      choose(confident, 12, .sample) { found in
        var generator = SeededGenerator(
          seed: UInt64(found.place.image), stream: UInt64(found.place.index))
        return generator.nextUniform()
      }
    }
    var chosen: [CorpusCensus.Place: CropKinds] = [:]
    for (image, crops) in census.crops(by: plan) {
      #expect(crops.map(\.index) == crops.map(\.index).sorted())
      for crop in crops {
        let place = CorpusCensus.Place(image: image, index: crop.index)
        chosen[place] = crop.kinds
        let category = census.order[crop.name]
        #expect(all.contains { $0.place == place && $0.category == category })
      }
    }
    #expect(chosen == wanted && chosen.count > 60)
  }

  @Test func imagesWithMostObjects() throws {
    let (census, all) = Self.census()
    let confident = all.filter { $0.score >= Self.thresholds[$0.category] }
    let counts = Dictionary(grouping: confident) { $0.place.image }.mapValues(\.count)
    let wanted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(12).map(\.key)
    #expect(census.busiest.elements.map(\.place.image) == wanted)
  }

  @Test func theSmallestOfAnyNumber() {
    var generator = SeededGenerator(seed: 3)
    for count in [0, 1, 4, 5, 6, 300] {
      let numbers = (0..<count).map { _ in Int.random(in: 0..<50, using: &generator) }
      var smallest = Smallest<Int>(5)
      for number in numbers { smallest.add(number) }
      #expect(smallest.elements == Array(numbers.sorted().prefix(5)))
    }
  }

  @Test func reasonsAreCountedWithoutNames() {
    var failures = FailedExamples()
    for image in 0..<9 {
      failures.add(
        "/p/my photo \(image).jpg: a damaged jpeg (got end)", of: "my photo \(image).jpg")
    }
    failures.add("a.png: cannot read", of: "a.png")
    for number in 0..<100 { failures.add(String(repeating: "x", count: number + 1), of: "b") }
    #expect(failures.count == 110)
    let reasons = failures.sorted
    #expect(reasons.count == 41 && reasons.map(\.count).reduce(0, +) == 110)
    #expect(reasons[0].text == "other reasons" && reasons[0].count == 62)
    #expect(reasons[1].text == "a damaged jpeg (got end)" && reasons[1].count == 9)
    #expect(reasons[1].images == (0..<5).map { "my photo \($0).jpg" })
  }

  /// The more names, the fewer and smaller crops, and always some.
  @Test func plans() {
    let counts = [1, 20, 43, 100, 400, 1203, 3000, 7000, 20_000, 1_000_000]
    let plans = counts.map { CropPlan(names: $0, bytes: 15_000_000) }
    for (more, fewer) in zip(plans, plans.dropFirst()) {
      #expect(more.best >= fewer.best && more.sample >= fewer.sample && more.side >= fewer.side)
    }
    #expect(plans[1].best == 12 && plans[1].side == 160)
    #expect(zip(counts, plans).prefix(6).allSatisfy { $0 == $1.categories })
    #expect(plans.allSatisfy { $0.best > 0 && $0.categories > 0 })
    #expect(plans[8].categories > 3000 && plans[8].categories < 20_000)
    #expect(CropPlan(names: 5, bytes: -1).categories == 0)
    #expect(CropPlan(names: 0, bytes: 1000).categories == 0)
  }
}
