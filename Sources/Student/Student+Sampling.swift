extension Student {
  /// The same student, for training with another number of sampled regions an image.
  public func sampling(_ regions: Int) -> Student {
    var copy = self
    copy.configuration.regions.sampledRegions = regions
    return copy
  }
}
