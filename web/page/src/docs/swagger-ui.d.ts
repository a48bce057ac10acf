// What we use of Swagger UI, which comes without types.
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Options {
    domNode: HTMLElement;
    spec: object;
    deepLinking: boolean;
    defaultModelsExpandDepth: number;
    validatorUrl: null;
  }
  export default function SwaggerUI(options: Options): void;
}
