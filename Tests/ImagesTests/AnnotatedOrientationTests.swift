import Foundation
import Images
import Support
import Testing

@Suite struct AnnotatedOrientationTests {
  /// 40 x 30 as stored.
  private func header(_ orientation: Orientation, width: Int = 40) throws -> ImageHeader {
    let tag = Array("Exif\0\0".utf8) + tiff(orientation: UInt16(orientation.rawValue))
    return try ImageHeader(
      inserting(segment: 0xE1, tag, into: Image.photo(width, 30).jpegData()), name: "tagged")
  }

  private func policy(
    _ choice: AnnotatedOrientation, _ header: ImageHeader, _ size: (width: Int, height: Int)?
  ) throws(ImageError) -> OrientationPolicy {
    try choice.policy(for: header, annotated: size, name: "tagged")
  }

  @Test(arguments: Orientation.allCases)
  func autoGoesByTheSize(orientation: Orientation) throws {
    let header = try header(orientation)
    #expect(try policy(.auto, header, (40, 30)) == .stored)
    #expect(try policy(.auto, header, nil) == .stored)
    guard orientation.swapsSides else {
      #expect(throws: ImageError.self) { try policy(.auto, header, (30, 40)) }
      return
    }
    #expect(try policy(.auto, header, (30, 40)) == .upright)
  }

  @Test func aChoiceIsCompared() throws {
    let header = try header(.quarterClockwise)
    #expect(try policy(.stored, header, (40, 30)) == .stored)
    #expect(try policy(.upright, header, (30, 40)) == .upright)
    #expect(try policy(.stored, header, nil) == .stored)
    #expect(try policy(.upright, header, nil) == .upright)
    let error = #expect(throws: ImageError.self) { try policy(.stored, header, (30, 40)) }
    #expect(error?.reason == .otherSize)
    #expect(
      error?.description
        == "tagged: the image's size is not the annotated one (expected 30 x 40, got 40 x 30); it "
        + "fits the other way round; set data.orientation to auto")
  }

  @Test func anotherSizeIsAnError() throws {
    for choice in AnnotatedOrientation.allCases {
      for size in [(width: 41, height: 30), (80, 60), (40, 1)] {
        let error = try #require(throws: ImageError.self) {
          try policy(choice, header(.quarterClockwise), size)
        }
        #expect(error.reason == .otherSize)
        #expect(error.inputError.hint == nil)
      }
    }
  }

  @Test func undecidedIsWhatFitsBothWays() throws {
    #expect(try AnnotatedOrientation.auto.isUndecided(header(.upsideDown)))
    #expect(try AnnotatedOrientation.auto.isUndecided(header(.quarterClockwise, width: 30)))
    #expect(try !AnnotatedOrientation.auto.isUndecided(header(.quarterClockwise)))
    #expect(try !AnnotatedOrientation.auto.isUndecided(header(.upright)))
    #expect(try !AnnotatedOrientation.upright.isUndecided(header(.upsideDown)))
  }
}
