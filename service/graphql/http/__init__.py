"""The HTTP endpoint /graphql, the request body limit, and the GraphiQL page (files in `static`)."""
