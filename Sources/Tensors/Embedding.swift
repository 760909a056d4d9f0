/// The rows of a table that tokens stand for.
///
/// - Parameters:
///   - ids: N row numbers
///   - table: [V, D]
/// - Returns: [N, D]
public func embedding(_ ids: [Int], _ table: Variable) -> Variable { gatherRows(table, ids) }
