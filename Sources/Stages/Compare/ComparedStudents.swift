import Pipeline

extension ComparisonConfiguration {
  /// Rows that need the same student, or none.
  struct Student {
    let name: String
    let methods: [ComparedMethod]
    let seed: UInt64
  }

  /// What can be trained and evaluated side by side, in the order of the rows.
  var students: [Student] {
    var families: [[ComparedMethod]] = []
    for method in methods {
      if let index = families.firstIndex(where: { $0[0].student == method.student }) {
        families[index].append(method)
      } else {
        families.append([method])
      }
    }
    return families.flatMap { family in
      seeds(of: family[0]).map { seed in
        Student(name: "\(family[0].student.rawValue)-\(seed)", methods: family, seed: seed)
      }
    }
  }
}
