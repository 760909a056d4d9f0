import Regions
import Testing

@Suite struct BoxTests {
  let box = Box(x0: 10, y0: 20, x1: 30, y1: 60)

  @Test func geometryByHand() {
    #expect(box.scaled(by: 1.5) == Box(x0: 5, y0: 10, x1: 35, y1: 70))
    #expect(box.translated(x: -1, y: 2) == Box(x0: 9, y0: 22, x1: 29, y1: 62))
    #expect(box.flippedHorizontally(inWidth: 100) == Box(x0: 70, y0: 20, x1: 90, y1: 60))
    #expect(box.flippedHorizontally(inWidth: 100).flippedHorizontally(inWidth: 100) == box)
    #expect(box.clipped(toWidth: 25, height: 50) == Box(x0: 10, y0: 20, x1: 25, y1: 50))
    #expect(box.xywh == [10, 20, 20, 40])
    #expect(Box(x: 10, y: 20, width: 20, height: 40) == box)
  }

  @Test func boxOutsideTheImageIsClippedToNothing() {
    let outside = Box(x0: 110, y0: -20, x1: 130, y1: -5).clipped(toWidth: 100, height: 100)
    #expect(outside.isEmpty)
    #expect(outside.area == 0)
  }

  @Test func intersectionOverUnion() {
    // 10 x 20 shared of 800 + 800 - 200.
    let other = Box(x0: 20, y0: 40, x1: 40, y1: 80)
    #expect(box.intersection(other) == Box(x0: 20, y0: 40, x1: 30, y1: 60))
    #expect(box.iou(other) == Float(200) / 1400)
    #expect(box.iou(other) == other.iou(box))
    #expect(box.iou(box) == 1)
    #expect(box.iou(Box(x0: 30, y0: 20, x1: 40, y1: 60)) == 0)
    let nothing = Box(x0: 1, y0: 1, x1: 1, y1: 1)
    #expect(nothing.iou(nothing) == 0)
    #expect(nothing.isEmpty)
    #expect(Box(x0: .nan, y0: 0, x1: 1, y1: 1).isEmpty)
  }
}
