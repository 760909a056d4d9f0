public import Ranks

/// What a run sees, place by place, in an order that follows from the seed alone.
public struct TrainingSource<Element: Sendable>: Sendable {
  /// How many places all epochs have together. The last step is filled up with what would come next.
  public let places: Int
  /// Names the content that is read; a run goes on only with the same. Empty where nothing is.
  let manifest: String
  /// The data set's id of an element's image, for errors; nil where it has none.
  let imageID: @Sendable (Element) -> Int?
  /// From a state on, the element of each place of a rank's share; asked for in order, by the thread that
  /// trains.
  let open:
    @Sendable (TrainingState, Ranks.Place) throws -> @Sendable (_ place: Int) throws -> Element

  /// Elements that are read; the properties, in their order.
  public init(
    places: Int, manifest: String, imageID: @escaping @Sendable (Element) -> Int?,
    open:
      @escaping @Sendable (TrainingState, Ranks.Place) throws ->
      @Sendable (_ place: Int) throws
      -> Element
  ) {
    (self.places, self.manifest, self.imageID, self.open) = (places, manifest, imageID, open)
  }

  /// Elements that follow from their places.
  public init(
    places: Int, imageID: @escaping @Sendable (Element) -> Int?,
    element: @escaping @Sendable (_ place: Int) -> Element
  ) {
    self.init(places: places, manifest: "", imageID: imageID) { _, _ in element }
  }

  /// Steps of all epochs, of so many examples each.
  public func steps(of examplesPerStep: Int) -> Int {
    (places + examplesPerStep - 1) / examplesPerStep
  }
}
