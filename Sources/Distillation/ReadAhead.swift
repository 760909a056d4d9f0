import Cache
import Foundation
import Regions
import Support

/// Reads elements 0, 1, 2, ... on a thread of its own, as far ahead as a limit of memory allows.
final class ReadAhead: @unchecked Sendable {
  typealias Element = TrainingStream.Element

  private let limit: Int
  private let read: @Sendable (Int) throws(InputError) -> Element
  /// Guards all that follows; signalled whenever it changes.
  private let condition = NSCondition()
  private var waiting: [Result<Element, InputError>] = []
  private var bytes = 0
  private var isStopped = false

  /// - Parameter limit: bytes of the elements that wait; one is always allowed.
  init(limit: Int, read: @escaping @Sendable (Int) throws(InputError) -> Element) {
    self.limit = limit
    self.read = read
    let thread = Thread { [self] in run() }
    thread.name = "read ahead"
    thread.start()
  }

  /// The next `count` elements, in order; nothing follows an error.
  func take(_ count: Int) throws(InputError) -> [Element] {
    var elements: [Element] = []
    condition.lock()
    defer { condition.unlock() }
    while elements.count < count {
      while waiting.isEmpty { condition.wait() }
      switch waiting[0] {
      case .success(let element):
        elements.append(element)
        waiting.removeFirst()
        bytes -= Self.size(element)
        condition.broadcast()
      case .failure(let error):
        throw error
      }
    }
    return elements
  }

  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  private func run() {
    for number in 0... {
      let result: Result<Element, InputError>
      do throws(InputError) {
        result = .success(try read(number))
      } catch {
        result = .failure(error)
      }
      condition.lock()
      waiting.append(result)
      if case .success(let element) = result { bytes += Self.size(element) }
      condition.broadcast()
      while bytes >= limit && !isStopped { condition.wait() }
      let isOver = isStopped
      condition.unlock()
      if isOver { return }
      if case .failure = result { return }
    }
  }

  private static func size(_ element: Element) -> Int {
    256 + element.record.vectors.count * 4 + element.record.boxes.count * 20
  }
}
