/// A value that is made when it is first asked for, and kept.
final class Once<Value> {
  private var value: Value?

  func callAsFunction<Failure>(
    _ make: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    if let value { return value }
    let new = try make()
    value = new
    return new
  }
}
