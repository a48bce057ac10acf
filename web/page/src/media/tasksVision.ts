/** tasksVision is the folder of MediaPipe's files among the assets: it changes with them, and their names do not. */
export const tasksVision = 'tasks-vision-0.10.14';
