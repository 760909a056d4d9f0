import Shards
import Support
import Testing

@Suite struct HalfTests {
  @Test func everyHalfReadsAsTheLanguageSays() {
    var wrong = 0
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let got = Half.float(bits)
      if expected.isNaN ? !got.isNaN : got.bitPattern != expected.bitPattern { wrong += 1 }
      if !expected.isNaN && Half.bits(expected) != bits { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func floatsRoundToTheNearestTiesToEven() {
    var generator = SeededGenerator(seed: 9)
    var wrong = 0
    func check(_ value: Float) {
      let (expected, got) = (Float16(value), Half.float(Half.bits(value)))
      if value.isNaN ? !got.isNaN : Float(expected).bitPattern != got.bitPattern { wrong += 1 }
    }
    // Any bits, then those around every half and halfway between neighbours.
    for _ in 0..<1_000_000 { check(Float(bitPattern: generator.next())) }
    for _ in 0..<1_000_000 { check(Float.random(in: -1...1, using: &generator)) }
    for bits in UInt16.min..<0x7C00 {
      let (low, high) = (Half.float(bits), Half.float(bits + 1))
      let middle = high.isFinite ? (low + high) / 2 : 65520
      for value in [low, middle, middle.nextUp, middle.nextDown] {
        check(value)
        check(-value)
      }
    }
    #expect(wrong == 0)
    #expect(Half.bits(65519.996) == 0x7BFF)
    #expect(Half.bits(65520) == 0x7C00)
    #expect(Half.bits(-0.0) == 0x8000)
  }
}
