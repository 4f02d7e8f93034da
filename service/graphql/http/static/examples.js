// Example queries, each opened in its own tab. All of them work on an empty register.
"use strict";
window.EXAMPLES = [
  `# Your identity, the authorities, and the newest requests that you may see.
query Overview {
  viewer { subject name authority roles }
  authorities { code name mandates { region endorsementsRequired validFrom validUntil } }
  deploymentRequests(first: 5) {
    totalCount
    edges { node { reference status force strength region availableActions } }
  }
}
`,
  `# Requests withheld pending attribution, and the incidents that they await.
query Withheld {
  deploymentRequests(filter: { status: [WITHHELD_PENDING_ATTRIBUTION] }, first: 10) {
    edges {
      node {
        reference
        purpose
        hold {
          reason reviewBy overdue minimumLikelihood minimumConfidence
          awaiting { reference attributionStatus }
        }
      }
    }
  }
}
`,
  `# The audit trail, oldest first: events, actors, changes. Next page: after: endCursor.
query Trail {
  auditTrail(first: 20) {
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        position recordedAt type reason
        actor { subject authority }
        changes { path before after }
      }
    }
  }
}
`,
  `# For administrators: register an authority. A refusal says what would be needed.
mutation Register {
  registerAuthority(input: { code: "kfor", name: "Kosovo Force" }) {
    ... on AuthorityRecorded { position authority { code name } }
    ... on Refusal { message }
  }
}
`,
  `# For requesters: submit a request. The authority whose mandate covers the region decides.
mutation Submit {
  submitDeploymentRequest(input: {
    force: "Kosovo Security Force"
    strength: 60
    region: "xk/north/zubin-potok"
    purpose: "EXERCISE: secure the canal while it is repaired."
    period: { start: "2030-01-10T06:00:00Z", end: "2030-02-10T06:00:00Z" }
  }) {
    ... on DeploymentRequestRecorded { position deploymentRequest { id reference status } }
    ... on InvalidInput { message fields { path message } }
    ... on Refusal { message }
  }
}
`,
];
